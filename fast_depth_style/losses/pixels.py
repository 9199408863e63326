"""Losses of pixels: likeness, smoothness and range.

Pictures are (batch, height, width, 3) in about 0..255; losses are scalars in
squared grey levels. `out_of_range` is this project's own.
"""

from typing import Any

from keras import ops


def squared_difference(pictures: Any, targets: Any) -> Any:
    """Mean (y - t)^2: regression on a teacher's pictures (Ba, Caruana 2014)."""
    return ops.mean(ops.square(pictures - targets))


def total_variation(pictures: Any) -> Any:
    """Mean (y[i+1, j] - y[i, j])^2 + mean (y[i, j+1] - y[i, j])^2.

    The anisotropic, squared form that Johnson et al. 2016 (section 3.2) use
    after Mahendran and Vedaldi 2015.
    """
    vertical = pictures[:, 1:] - pictures[:, :-1]
    horizontal = pictures[:, :, 1:] - pictures[:, :, :-1]
    return ops.mean(ops.square(vertical)) + ops.mean(ops.square(horizontal))


def out_of_range(pictures: Any) -> Any:
    """Mean (y - clip(y, 0, 255))^2: how far colours are out of range.

    The network's output is linear, and clipping alone would lose detail and
    its gradient.
    """
    return ops.mean(ops.square(pictures - ops.clip(pictures, 0.0, 255.0)))
