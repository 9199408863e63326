"""Temporal consistency of videos.

A network that paints every frame on its own flickers: noise in the photo, or a
shift by half a pixel, moves its strokes. So two things are carried over:

- the statistics of its normalizations, eased from frame to frame, so that what
  enters the picture does not change the colours of the rest at once;
- the painting, moved along with the photo: where the photo stayed the same,
  `_CARRIED` of it is mixed into the new one; where it changed, nothing, so that
  no ghosts stay.

Both begin anew at a cut.
"""

import dataclasses
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from fast_depth_style.exporting import FRAME
from fast_depth_style.images import motion
from fast_depth_style.networks import MINIMUM_SIDE
from fast_depth_style.stylization import tiles

_KEPT = 0.8
"""Of the statistics of the frame before."""
_FLAT = 2.0
"""Levels: a frame whose channels deviate less is flat, as in a fade."""

_CARRIED = 0.55
"""Of the painting of the frame before, where the photo stayed."""

_NOISE, _CHANGE = 3.0, 12.0
"""Grey levels: differences up to `_NOISE` count as none; where they are larger
by `_CHANGE`, 1/e of the share is carried."""

_STROKE, _WINDOW = 2, 16
"""Pixels: radius of a stroke's neighbourhood, side of windows of strength."""

_STRONGEST = 2.0
"""Times by which strokes are made stronger at most."""


@dataclasses.dataclass(frozen=True, eq=False)
class State:
    """State carried to the next frame.

    Attributes:
        photo: (height, width, 3) uint8, of the size that is painted.
        painted: The same.
        statistics: (2, channels) float32, or (2, 0) where none are eased.
    """

    photo: np.ndarray
    painted: np.ndarray
    statistics: np.ndarray


class Memory:
    """The memory of one video; its frames are painted in order.

    For each frame `follow`, `stylize`, `carry`.

    Attributes:
        state: What the last frame left; None before the first.
    """

    def __init__(self, state: State | None = None):
        """Begins, or goes on after `state`."""
        self.state = state
        self._photo: Any = None
        self._motion: np.ndarray | None = None
        self._statistics = np.zeros((2, 0), np.float32)

    def follow(self, photo: np.ndarray) -> None:
        """Looks at the next frame: (height, width, 3) uint8."""
        self._photo, self._motion = photo, None
        before = self.state
        if before is None or before.photo.shape != photo.shape:
            return
        if not motion.is_cut(before.photo, photo):
            self._motion = motion.find_motion(before.photo, photo)

    def stylize(
        self,
        model: Any,
        rgb: np.ndarray,
        track: tiles.Track,
        near: np.ndarray | None = None,
    ) -> np.ndarray:
        """Paints the frame with eased statistics, as `tiles.stylize`."""
        if min(rgb.shape[:2]) < MINIMUM_SIDE:
            return tiles.stylize(model, rgb, track, near)
        before = None
        # A flat frame with another frame's statistics would diverge from layer
        # to layer.
        if self._motion is not None and self.state is not None:
            if not (_is_flat(rgb) or _is_flat(self.state.photo)):
                before = self.state.statistics
        whole = tiles.is_taken_whole(rgb, near)
        if whole and before is not None and FRAME in model.signatures:
            made = tiles.run(
                model,
                FRAME,
                rgb[None],
                near,
                statistics=before,
                kept=np.float32(_KEPT),
            )
            self._statistics = made["statistics"]
            return made["stylized_image"][0]
        if whole:
            own = tiles.run(model, "statistics", rgb[None], near)["statistics"]
        else:
            own = tiles.statistics(model, rgb, near)
        if before is not None:
            own = np.float32(_KEPT) * before + np.float32(1 - _KEPT) * own
        self._statistics = own
        tile = max(rgb.shape) if whole else None
        return tiles.stylize_in_tiles(model, rgb, own, tile, track, near)

    def carry(self, painted: np.ndarray) -> np.ndarray:
        """Mixes what was painted before into a frame; remembers it."""
        if self._motion is not None and self.state is not None:
            carried = motion.warp(self.state.painted, self._motion)
            weight = _unchanged(self.state.photo, self._photo, self._motion)
            weight = (_CARRIED * weight)[..., None]
            mixed = weight * carried + (1.0 - weight) * painted
            mixed = _as_strong(mixed.astype(np.float32), painted)
            painted = np.rint(mixed.clip(0.0, 255.0)).astype(np.uint8)
        self.state = State(self._photo, painted, self._statistics)
        return painted


def _is_flat(rgb: np.ndarray) -> bool:
    return bool((rgb.std(axis=(0, 1)) < _FLAT).all())


def _unchanged(
    before: np.ndarray, now: np.ndarray, moved: np.ndarray
) -> np.ndarray:
    """1 where a frame shows what the one before showed, moved; 0 elsewhere.

    (height, width) float32. Compared at half the size, so that noise counts
    less. `moved` is the motion of `motion.find_motion`.
    """
    old, new = (np.asarray(Image.fromarray(f).reduce(2)) for f in (before, now))
    old = motion.warp(old, moved).astype(np.float32)
    change = motion.window_means(np.abs(old - new).mean(axis=-1), 2)
    change[motion.outside(moved, *change.shape)] = 255.0
    same = np.exp(-np.square((change - _NOISE).clip(0) / _CHANGE))
    height, width = now.shape[:2]
    image = Image.fromarray(same).resize(
        (width, height), Image.Resampling.BILINEAR
    )
    return np.asarray(image)


def _as_strong(mixed: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Restores the contrast of strokes that is lost by mixing two paintings.

    Local differences become as strong as in the new painting.

    Args:
        mixed: (height, width, 3) float32, 0..255.
        painted: (height, width, 3) uint8, the new painting.

    Returns:
        (height, width, 3) float32.
    """
    around = np.asarray(_blurred(np.rint(mixed).astype(np.uint8)), np.float32)
    details = mixed - around
    new = painted - np.asarray(_blurred(painted), np.float32)
    strengths = [
        np.asarray(
            Image.fromarray(np.square(each).sum(axis=-1))
            .reduce(_WINDOW)
            .resize(painted.shape[1::-1], Image.Resampling.BILINEAR)
        )
        for each in (details, new)
    ]
    gain = np.sqrt((strengths[1] + 1.0) / (strengths[0] + 1.0))
    return around + gain.clip(1.0, _STRONGEST)[..., None] * details


def _blurred(rgb: np.ndarray) -> Image.Image:
    return Image.fromarray(rgb).filter(ImageFilter.BoxBlur(_STROKE))
