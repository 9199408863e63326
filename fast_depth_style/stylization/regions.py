"""Masks of regions with styles of their own: near and far, or a file."""

import functools
import pathlib

import numpy as np

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.images.enlarging import follow_edges
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.images.size import fit_long_side, resize
from fast_depth_style.perception.onnx_compact_depth import nearness
from fast_depth_style.stylization.settings import StylizeSettings

_SOFTNESS = 0.06  # Of the threshold, in parts of the photo's range of depth.
_SIDE = 384  # Pixels of the long side at which the edge is found.
_SAME_SHAPE = 1.1  # Ratio of shapes that small pictures have by rounding.


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
        RequestError: The mask is no picture, or of another shape.
    """
    size = rgb.shape[:2]
    if settings.mask is not None:
        path = files.resolve(settings.mask, "mask")
        written = path.stat().st_mtime_ns if path.is_file() else 0
        grey = _read_mask(path, written)
        shapes = grey.shape[0] * size[1], grey.shape[1] * size[0]
        if max(shapes) > _SAME_SHAPE * min(shapes):
            raise RequestError(
                f"--mask: {files.printable(path)} is"
                f" {grey.shape[1]}x{grey.shape[0]}, of another shape than the"
                f" photo, {size[1]}x{size[0]}: it would be stretched"
            )
        return resize(grey, (size[0], size[1])).astype(np.float32) / 255.0
    small = fit_long_side(rgb, min(_SIDE, max(size)))
    depth = nearness(small)
    low, high = np.percentile(depth, (2, 98))
    depth = (depth - low) / max(float(high - low), 1e-6)
    logits = (depth - settings.horizon) / _SOFTNESS
    near = 1.0 / (1.0 + np.exp(-logits.clip(-30, 30)))
    return follow_edges(near.astype(np.float32), rgb)


@functools.lru_cache(maxsize=2)
def _read_mask(path: pathlib.Path, written: int) -> np.ndarray:
    """A mask as grey levels; frames share it as long as it is not changed."""
    try:
        rgb = read_rgb(path)
    except UnreadablePicture as error:
        raise RequestError(f"--mask: {error}") from error
    return rgb.mean(axis=-1).astype(np.uint8)
