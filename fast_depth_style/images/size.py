"""Sizes of uint8 pictures: resize without aliasing, crop.

Pictures are (height, width, 3), or (height, width) for one channel; results
have the channels that were given. All raise ValueError for a size that is not
positive.
"""

import numpy as np
from PIL import Image


def resize(
    rgb: np.ndarray,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> np.ndarray:
    """Resizes a picture, or a box of it, with an antialiased Lanczos filter.

    `size` is the new (height, width). The box is (top, left, bottom, right) in
    pixels, fractions allowed; at its rim the filter takes in what lies around.

    Raises:
        ValueError: The box leaves the picture.
    """
    height, width = size
    if height < 1 or width < 1:
        raise ValueError(f"size must be positive, not {height}x{width}")
    if box is not None:
        top, left, bottom, right = box
        box = (left, top, right, bottom)
    elif rgb.shape[:2] == (height, width):
        return rgb
    image = Image.fromarray(rgb)
    return np.array(
        image.resize((width, height), Image.Resampling.LANCZOS, box=box)
    )


def fit_short_side(rgb: np.ndarray, pixels: int) -> np.ndarray:
    """Scales a picture, up or down, until its short side has `pixels`."""
    return _scaled(rgb, pixels / min(rgb.shape[:2]))


def fit_long_side(rgb: np.ndarray, pixels: int) -> np.ndarray:
    """Scales a picture, up or down, until its long side has `pixels`."""
    return _scaled(rgb, pixels / max(rgb.shape[:2]))


def fit_area(rgb: np.ndarray, pixels: float) -> np.ndarray:
    """Scales a picture, up or down, until it has about `pixels` in all."""
    height, width = rgb.shape[:2]
    return _scaled(rgb, max(pixels, 0) ** 0.5 / (height * width) ** 0.5)


def _scaled(rgb: np.ndarray, scale: float) -> np.ndarray:
    """Scales both sides, rounded; each keeps at least one pixel."""
    if scale <= 0:
        raise ValueError(f"size must be positive, not {scale} times as large")
    height, width = (max(1, round(side * scale)) for side in rgb.shape[:2])
    return resize(rgb, (height, width))


def center_crop(rgb: np.ndarray, size: int | tuple[int, int]) -> np.ndarray:
    """Cuts (height, width), or a square, out of the middle, as a view.

    Of an odd margin the wider part is cut at the bottom and at the right.

    Raises:
        ValueError: The crop is larger than the picture.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if not (0 < height <= rgb.shape[0] and 0 < width <= rgb.shape[1]):
        raise ValueError(
            f"cannot cut {height}x{width} out of {rgb.shape[0]}x{rgb.shape[1]}"
        )
    top = (rgb.shape[0] - height) // 2
    left = (rgb.shape[1] - width) // 2
    return rgb[top : top + height, left : left + width]
