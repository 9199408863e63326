"""Edge-guided upsampling of a painting (guided filter).

A painting of a photo that was scaled down has no edge sharper than its own
pixels. Where it follows the photo, the photo knows the edges: in small windows
the painting p is fitted by the photo's grey levels g, p ≈ a g + b, as a guided
filter does (He, Sun, Tang 2013; He, Sun 2015). The filter itself would lose
the strokes, which are what the photo does not explain. So they stay as they
are, and only what the photo lost when it was scaled down is added, by the fit:

    enlarged = up(p) + up(a) (g - up(down(g)))

Where a stroke runs over an even wall a is 0, and it is enlarged as any picture.
"""

import functools
from typing import Any

import numpy as np
from PIL import Image

from fast_depth_style.images.colors import grey
from fast_depth_style.images.size import resize

_RADIUS = 2  # Of the windows, in pixels of the painting.
_TEXTURE = 15.0**2  # Variance, in grey levels, up to which little is an edge.
_MARGIN = 8  # Rows on which a row depends: twice the radius, and up() reads 2.
_BAND = 1 << 20  # Pixels of the photo that are worked on at a time.


def enlarge(painting: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """Enlarges a painting to the size of the photo that it was made of.

    Both are (height, width, 3) uint8, the painting smaller in both directions
    or as large. It takes as much memory again as the photo and 100 MB.
    """
    (rows, columns), (height, width) = painting.shape[:2], photo.shape[:2]
    small = grey(resize(photo, (rows, columns)))
    made = np.empty_like(photo)
    step = max(1, int(_BAND * rows / (height * width)))
    for top in range(0, rows, step):
        start, end = (
            round(min(row, rows) * height / rows) for row in (top, top + step)
        )
        first = max(0, top - _MARGIN)
        known = slice(first, top + step + _MARGIN)
        up = functools.partial(
            _enlarged,
            size=(end - start, width),
            top=start * rows / height - first,
            bottom=end * rows / height - first,
        )
        lost = grey(photo[start:end]) - up(small[known])
        slopes = _slopes(small[known], painting[known])
        for c in range(3):
            added = lost * up(slopes[..., c], smooth=True)
            added += up(painting[known, :, c].astype(np.float32))
            made[start:end, :, c] = np.rint(added).clip(0, 255)
    return made


def follow_edges(plane: np.ndarray, photo: np.ndarray) -> np.ndarray:
    """A small plane, such as a mask, enlarged along the edges of its photo.

    A guided filter (He, Sun, Tang 2013): in windows the plane is fitted by the
    photo's grey levels, p = a g + b, and a and b are enlarged.

    Args:
        plane: (rows, columns) float32, 0..1.
        photo: (height, width, 3) uint8, larger in both directions.

    Returns:
        (height, width) float32, 0..1.
    """
    height, width = photo.shape[:2]
    small = grey(resize(photo, plane.shape)) / 255.0
    mean, average = _window_means(small), _window_means(plane)
    variance = _window_means(small**2) - mean**2
    slope = (_window_means(small * plane) - mean * average) / (variance + 1e-3)
    offset = _window_means(average - slope * mean)
    slope = _window_means(slope)
    made = np.empty((height, width), np.float32)
    step = max(1, _BAND // width)
    for top in range(0, height, step):
        end = min(height, top + step)
        up = functools.partial(
            _enlarged,
            size=(end - top, width),
            top=top * len(plane) / height,
            bottom=end * len(plane) / height,
            smooth=True,
        )
        levels = grey(photo[top:end]) / 255.0
        made[top:end] = (up(slope) * levels + up(offset)).clip(0.0, 1.0)
    return made


def _slopes(levels: np.ndarray, painting: np.ndarray) -> np.ndarray:
    """Slope of the painting's levels against the photo's grey, per window.

    (rows, columns) and (rows, columns, 3) to (rows, columns, 3) float32.
    """
    # Around their middles, so that float32 is exact enough.
    levels, painting = levels - 128, painting.astype(np.float32) - 128
    mean = _window_means(levels)
    variance = _window_means(levels**2) - mean**2
    covariance = _window_means(levels[..., None] * painting)
    covariance -= mean[..., None] * _window_means(painting)
    return _window_means(covariance / (variance + _TEXTURE)[..., None])


def _window_means(values: np.ndarray) -> np.ndarray:
    """Means over windows of 2 `_RADIUS` + 1 pixels a side."""
    for axis in (0, 1):
        around = [(0, 0)] * values.ndim
        around[axis] = (_RADIUS, _RADIUS)
        padded = np.pad(values, around, mode="edge")
        count, length = 2 * _RADIUS + 1, values.shape[axis]
        shifted = (
            padded.take(range(i, i + length), axis) for i in range(count)
        )
        values = functools.reduce(np.add, shifted) / np.float32(count)
    return values


def _enlarged(
    plane: np.ndarray,
    size: tuple[int, int],
    top: float,
    bottom: float,
    smooth: bool = False,
) -> Any:
    """The rows from `top` to `bottom` of a plane, at a size."""
    kind = Image.Resampling.BILINEAR if smooth else Image.Resampling.BICUBIC
    box = (0, top, plane.shape[1], bottom)
    image = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize(size[::-1], kind, box))
