"""Losses of the pixels themselves: likeness, smoothness and range."""

from keras import ops


def squared_difference(pictures, targets):
    """Mean squared difference of two batches of pictures.

    The regression of a student on its teacher's output that Ba, Caruana 2014
    (eq. 1) call mimic learning, on pictures.

    Args:
        pictures: (batch, height, width, 3), 0..255.
        targets: The same shape.

    Returns:
        Scalar in squared grey levels.
    """
    return ops.mean(ops.square(pictures - targets))


def total_variation(pictures):
    """Mean squared vertical plus mean squared horizontal difference.

    The anisotropic, squared form that Johnson et al. 2016 (section 3.2) use
    after Mahendran and Vedaldi 2015.

    Args:
        pictures: (batch, height, width, 3), 0..255.

    Returns:
        Scalar in squared grey levels.
    """
    vertical = pictures[:, 1:] - pictures[:, :-1]
    horizontal = pictures[:, :, 1:] - pictures[:, :, :-1]
    return ops.mean(ops.square(vertical)) + ops.mean(ops.square(horizontal))


def out_of_range(pictures):
    """Mean squared distance to the range 0..255.

    A linear output may leave the range, where clipping would lose detail; this
    pulls it back with a gradient that never dies.

    Args:
        pictures: (batch, height, width, 3).

    Returns:
        Scalar in squared grey levels; 0 for any real picture.
    """
    return ops.mean(ops.square(pictures - ops.clip(pictures, 0.0, 255.0)))
