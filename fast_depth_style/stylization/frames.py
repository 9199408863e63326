"""Frame-by-frame stylizing with temporal smoothing."""

import dataclasses
import os
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from fast_depth_style.exporting.shipped_card import SHIPPED
from fast_depth_style.images.picture import from_image
from fast_depth_style.stylization import painting
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.steady import Memory, State
from fast_depth_style.stylization.tiles import Track

_Image = TypeVar("_Image", np.ndarray, Image.Image)


class FramePainter:
    """Paints the frames of one video, in order; see `stylization.steady`.

    With `settings.steady` off each is painted on its own. The model is that of
    `load_styled`.
    """

    def __init__(
        self,
        model: Any,
        settings: StylizeSettings,
        state: State | None = None,
    ):
        """Begins, or goes on after the frame that left `state`."""
        self._model, self._settings = model, settings
        self._memory = Memory(state) if settings.steady else None

    @property
    def state(self) -> State | None:
        """What the last frame left, where something is carried over."""
        return None if self._memory is None else self._memory.state

    def paint(self, rgb: np.ndarray, track: Track = iter) -> np.ndarray:
        """Paints the next frame, (height, width, 3) uint8."""
        return painting.paint(
            self._model, rgb, self._settings, track, self._memory
        )


def stylize_frames(
    frames: Iterable[_Image], model: Any = SHIPPED, **settings: Any
) -> Iterator[_Image]:
    """Paints the frames of a video one by one, so that they hold still.

    Frames and paintings are as those of `stylize`, and so are the arguments. A
    frame is taken when the painting of the one before was, as a camera needs
    it. Threads may each have an iterator; the network is loaded once.

    Raises:
        ValueError: A frame is another kind of array; when it is reached.
        RequestError: As for `stylize`; at once.
    """
    chosen = StylizeSettings(**settings)
    if isinstance(model, str | os.PathLike):
        model = load_styled(model, chosen)
    return _painted(frames, FramePainter(model, chosen))


def _painted(
    frames: Iterable[_Image], painter: FramePainter
) -> Iterator[_Image]:
    for frame in frames:
        picture = from_image(frame)
        painted = painter.paint(picture.rgb)
        yield dataclasses.replace(picture, rgb=painted).like(frame)
