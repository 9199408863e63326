"""Sizes of uint8 pictures: resize without aliasing, crop."""

import numpy as np
from PIL import Image


def resize(
    rgb: np.ndarray,
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> np.ndarray:
    """Resizes a picture, or a box of it, with an antialiased Lanczos filter.

    Args:
      rgb: uint8 array (height, width, 3), or (height, width) for one channel.
      size: New (height, width) in pixels.
      box: The part to resize, (top, left, bottom, right) in pixels, fractions
        allowed; None is the whole picture. At its rim the filter takes in
        what lies around it.

    Returns:
      uint8 array of the new size, channels as given.

    Raises:
      ValueError: The size is not positive, or the box leaves the picture.
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
    """Scales a picture, up or down, until its short side has `pixels`.

    Args:
      rgb: uint8 array (height, width, 3) or (height, width).
      pixels: Length of the short side; the long side follows, rounded.

    Returns:
      uint8 array of the new size, channels as given.

    Raises:
      ValueError: `pixels` is not positive.
    """
    height, width = rgb.shape[:2]
    scale = pixels / min(height, width)
    return resize(rgb, (round(height * scale), round(width * scale)))


def fit_long_side(rgb: np.ndarray, pixels: int) -> np.ndarray:
    """Scales a picture, up or down, until its long side has `pixels`.

    Args:
      rgb: uint8 array (height, width, 3) or (height, width).
      pixels: Length of the long side; the short side follows, rounded, and
        keeps at least one pixel.

    Returns:
      uint8 array of the new size, channels as given.

    Raises:
      ValueError: `pixels` is not positive.
    """
    return _scaled(rgb, pixels / max(rgb.shape[:2]))


def fit_area(rgb: np.ndarray, pixels: float) -> np.ndarray:
    """Scales a picture, up or down, until it has about so many pixels.

    Args:
      rgb: uint8 array (height, width, 3) or (height, width).
      pixels: Height times width wanted; sides are rounded, and keep at least
        one pixel.

    Returns:
      uint8 array of the new size, channels as given.

    Raises:
      ValueError: `pixels` is not positive.
    """
    height, width = rgb.shape[:2]
    return _scaled(rgb, max(pixels, 0) ** 0.5 / (height * width) ** 0.5)


def _scaled(rgb, scale):
    if scale <= 0:
        raise ValueError(f"size must be positive, not {scale} times as large")
    height, width = (max(1, round(side * scale)) for side in rgb.shape[:2])
    return resize(rgb, (height, width))


def center_crop(rgb: np.ndarray, size: int | tuple[int, int]) -> np.ndarray:
    """Cuts the middle out of a picture.

    Args:
      rgb: uint8 array (height, width, 3) or (height, width).
      size: (height, width) of the crop; one number stands for a square.

    Returns:
      A view of `rgb` of that size; where the margin is odd, the wider part of
      it is cut at the bottom and at the right.

    Raises:
      ValueError: The crop is not positive or larger than the picture.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if not (0 < height <= rgb.shape[0] and 0 < width <= rgb.shape[1]):
        raise ValueError(
            f"cannot cut {height}x{width} out of {rgb.shape[0]}x{rgb.shape[1]}"
        )
    top = (rgb.shape[0] - height) // 2
    left = (rgb.shape[1] - width) // 2
    return rgb[top : top + height, left : left + width]
