"""Frames painted one after the other, held still."""

import os
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from fast_depth_style.exporting.shipped_card import SHIPPED
from fast_depth_style.images.picture import Picture, from_image
from fast_depth_style.stylization import painting
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.steady import Memory, State

_Image = TypeVar("_Image", np.ndarray, Image.Image)


class FramePainter:
    """Paints the frames of one video, in order; see `stylization.steady`."""

    def __init__(
        self,
        model: Any,
        settings: StylizeSettings,
        state: State | None = None,
    ):
        """Begins, or goes on after the frame that left `state`.

        The model is that of `load_styled`.
        """
        self._model, self._settings = model, settings
        self._memory = Memory(state) if settings.steady else None

    @property
    def state(self) -> State | None:
        """What the last frame left, where something is carried over."""
        return None if self._memory is None else self._memory.state

    def paint(self, rgb: np.ndarray) -> np.ndarray:
        """Paints the next frame, (height, width, 3) uint8."""
        return painting.paint(
            self._model, rgb, self._settings, memory=self._memory
        )


def stylize_frames(
    frames: Iterable[_Image], model: Any = SHIPPED, **settings: Any
) -> Iterator[_Image]:
    """Paints the frames of a video one by one, so that they hold still.

    A frame is taken when the painting of the one before was; so a camera can be
    painted. Two iterators know nothing of each other, and may run in threads of
    their own; the network is loaded once.

    Args:
        frames: As the image of `stylize`, in their order. Where their size
            changes, or at a cut, nothing is carried over.
        model: As for `stylize`.
        **settings: Fields of `StylizeSettings`.

    Returns:
        An iterator of paintings, each of the kind and size of its frame.

    Raises:
        ValueError: A frame is another kind of array; when it is reached.
        RequestError: There is no such model or style, or a setting is out of
            range; at once.
    """
    chosen = StylizeSettings(**settings)
    if isinstance(model, str | os.PathLike):
        model = load_styled(model, chosen)
    return _painted(frames, FramePainter(model, chosen))


def _painted(
    frames: Iterable[_Image], painter: FramePainter
) -> Iterator[_Image]:
    for frame in frames:
        if isinstance(frame, Image.Image):
            picture = from_image(frame)
            rgb = painter.paint(picture.rgb)
            yield Picture(rgb, picture.alpha, picture.icc_profile).to_image()
        else:
            yield painter.paint(Picture(frame).rgb)
