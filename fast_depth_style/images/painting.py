"""Reads the style painting."""

import os

import numpy as np

from fast_depth_style.errors import RequestError
from fast_depth_style.files import printable
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.images.size import fit_short_side

_WIDEST = 8


def read_painting(
    file: str | os.PathLike[str], short_side: int | None = None
) -> np.ndarray:
    """Reads a painting: (height, width, 3) uint8 RGB.

    With a `short_side` it is scaled until its short side has so many pixels.

    Raises:
        RequestError: It is no picture, or so narrow that its features would
            cost gigabytes.
    """
    try:
        painting = read_rgb(file)
    except UnreadablePicture as error:
        raise RequestError(f"--style: {error}: give a picture") from error
    height, width = painting.shape[:2]
    if max(height, width) > _WIDEST * min(height, width):
        raise RequestError(
            f"--style={printable(file)} is {width}x{height} pixels, more than"
            f" {_WIDEST} times as long as wide: cut a part out of it"
        )
    if short_side is None:
        return painting
    return fit_short_side(painting, short_side)
