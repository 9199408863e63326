"""Regions of a picture with styles of their own: near and far, or a mask."""

import functools
from collections.abc import Sequence

import numpy as np

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.images.enlarging import follow_edges
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.images.size import fit_long_side, resize
from fast_depth_style.perception.compact_depth import CompactDepth
from fast_depth_style.stylization.settings import StylizeSettings

_SOFTNESS = 0.06  # Of the threshold, in parts of the photo's range of depth.
_SIDE = 384  # Pixels of the long side at which the edge is found.


def near_mask(rgb: np.ndarray, settings: StylizeSettings) -> np.ndarray:
    """Where the style of `near` goes: 1 there, 0 far away.

    By `settings.mask`, or by the compact depth network's map with a soft
    threshold at `settings.horizon`, fitted to the edges of the photo.

    Args:
        rgb: (height, width, 3) uint8.
        settings: With regions.

    Returns:
        (height, width) float32.

    Raises:
        RequestError: The mask is no picture.
    """
    size = rgb.shape[:2]
    if settings.mask is not None:
        grey = _read_mask(settings.mask)
        return resize(grey, (size[0], size[1])).astype(np.float32) / 255.0
    small = fit_long_side(rgb, min(_SIDE, max(size)))
    nearness = np.asarray(_depth()(small[None].astype("float32")))[0]
    low, high = np.percentile(nearness, (2, 98))
    nearness = (nearness - low) / max(float(high - low), 1e-6)
    logits = (nearness - settings.horizon) / _SOFTNESS
    near = 1.0 / (1.0 + np.exp(-logits.clip(-30, 30)))
    return follow_edges(near.astype(np.float32), rgb)


def stacked(near: np.ndarray) -> np.ndarray:
    """Masks of near and far as the network takes them: (1, h, w, 2)."""
    return np.stack([near, 1.0 - near], axis=-1)[None]


def keep_photo(
    painted: np.ndarray, rgb: np.ndarray, near: np.ndarray, kept: Sequence[str]
) -> np.ndarray:
    """The painting with the photo in the regions `kept`, all uint8."""
    if not kept:
        return painted
    part = near if "near" in kept else 1.0 - near
    made = np.empty_like(painted)
    for rows in np.array_split(np.arange(len(rgb)), max(1, rgb.size >> 22)):
        weight = part[rows, :, None]
        mixed = weight * rgb[rows] + (1.0 - weight) * painted[rows]
        made[rows] = np.rint(mixed)
    return made


@functools.cache
def _depth() -> CompactDepth:
    return CompactDepth()


@functools.lru_cache(maxsize=2)
def _read_mask(path: str) -> np.ndarray:
    try:
        rgb = read_rgb(files.resolve(path, "mask"))
    except UnreadablePicture as error:
        raise RequestError(f"--mask: {error}") from error
    return rgb.mean(axis=-1).astype(np.uint8)
