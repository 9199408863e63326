"""Losses of pixels: likeness, smoothness, lattice and range.

Pictures are (batch, height, width, 3) in about 0..255; losses are scalars in
squared grey levels. `lattice` and `out_of_range` are this project's own.
"""

from typing import Any

from keras import ops

_PERIOD, _BLOCKS = 4, 6


def squared_difference(pictures: Any, targets: Any) -> Any:
    """Mean (y - t)^2: regression on a teacher's pictures (Ba, Caruana 2014)."""
    return ops.mean(ops.square(pictures - targets))


def total_variation(pictures: Any) -> Any:
    """Mean (y[i+1, j] - y[i, j])^2 + mean (y[i, j+1] - y[i, j])^2.

    Of Mahendran and Vedaldi 2015, as in Johnson et al. 2016, section 3.2.
    """
    vertical = pictures[:, 1:] - pictures[:, :-1]
    horizontal = pictures[:, :, 1:] - pictures[:, :, :-1]
    return ops.mean(ops.square(vertical)) + ops.mean(ops.square(horizontal))


def lattice(pictures: Any) -> Any:
    """Power of what repeats every four pixels, in windows of 24x24.

    The variance within the mean of a window's blocks of 4x4 pixels. A network
    that upsamples by two twice can give even surfaces a texture of that period
    (the checkerboard of Odena et al. 2016; bilinear doubling leaves less of
    it). The mean of the blocks keeps that texture and little of brush strokes,
    which lie anywhere. Height and width are static and at least 24.
    """
    window = _PERIOD * _BLOCKS
    _, height, width, channels = pictures.shape
    rows, columns = height // window, width // window
    x = pictures[:, : rows * window, : columns * window]
    x = ops.reshape(
        x, (-1, rows, _BLOCKS, _PERIOD, columns, _BLOCKS, _PERIOD, channels)
    )
    block = ops.mean(x, axis=(2, 5))  # (batch, rows, 4, columns, 4, channels)
    return ops.mean(ops.var(block, axis=(2, 4)))


def out_of_range(pictures: Any) -> Any:
    """Mean (y - clip(y, 0, 255))^2; clipping alone would lose the gradient."""
    return ops.mean(ops.square(pictures - ops.clip(pictures, 0.0, 255.0)))
