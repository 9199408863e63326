"""Losses of pixels: likeness, smoothness, lattice, border and range."""

from keras import ops

_PERIOD, _BLOCKS = 4, 6
_BAND = 3
_STRONG_BAND = 8.0


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


def lattice(pictures):
    """Power of what repeats every four pixels, in windows of 24x24.

    A network that upsamples by two twice can tell four pixels apart in a row,
    and paints an even surface, where it sees nothing, with a texture of that
    period (the checkerboard of Odena et al. 2016). Averaging the blocks of 4x4
    pixels of a window leaves that texture and little of brush strokes, which
    lie anywhere.

    Args:
        pictures: (batch, height, width, 3), 0..255, of a static height and
            width of at least 24; what is over is not looked at.

    Returns:
        Scalar in squared grey levels: the variance within the mean block.
    """
    _, height, width, channels = pictures.shape
    rows, columns = (n // (_PERIOD * _BLOCKS) for n in (height, width))
    x = pictures[:, : rows * _PERIOD * _BLOCKS, : columns * _PERIOD * _BLOCKS]
    x = ops.reshape(
        x, (-1, rows, _BLOCKS, _PERIOD, columns, _BLOCKS, _PERIOD, channels)
    )
    block = ops.mean(x, axis=(2, 5))  # (batch, rows, 4, columns, 4, channels)
    return ops.mean(ops.var(block, axis=(2, 4)))


def border(pictures, photos):
    """Power of a band along an edge that the photo does not have.

    At the edge, where padding mirrors a picture, a network sees a crease that
    no photo has, and may paint it as one more contour. A band is how much the
    mean of the outermost three rows differs from that of the next three. Beyond
    8 grey levels its power grows linearly (twice Huber's loss of 1964, k = 8):
    that much is no crease but a photo's own frame or dark margin, which a
    painting cannot keep exactly, and whose square would outweigh the style.

    Args:
        pictures: (batch, height, width, 3), 0..255, at least 6 pixels a side.
        photos: What they were made from, of the same shape.

    Returns:
        Scalar in squared grey levels: mean over the four edges.
    """
    changes = pictures - ops.cast(photos, pictures.dtype)
    bands = []
    for axis in (1, 2):
        lines = ops.mean(changes, axis=3 - axis)  # (batch, rows, 3)
        for edge in (lines, ops.flip(lines, axis=1)):
            outer = ops.mean(edge[:, :_BAND], axis=1)
            inner = ops.mean(edge[:, _BAND : 2 * _BAND], axis=1)
            band = ops.abs(outer - inner)
            small = ops.minimum(band, _STRONG_BAND)
            bands.append(ops.mean(small * (2.0 * band - small)))
    return sum(bands) / len(bands)


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
