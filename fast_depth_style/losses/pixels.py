"""Losses of pixels: likeness, smoothness, lattice, border and range."""

from keras import ops

_PERIOD, _BLOCKS = 4, 6
_CREASE, _MARGINS = 3, (6, 12)
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
    """Power of bands along an edge that the photo does not have.

    At the edge, where padding mirrors a picture, a network sees a crease that
    no photo has, and may paint it as one more contour. A band is how much the
    mean of the outermost three rows differs from that of the next three. Beyond
    8 grey levels its power grows linearly (twice Huber's loss of 1964, k = 8):
    that much is no crease but a photo's own frame or dark margin, which a
    painting cannot keep exactly, and whose square would outweigh the style.

    A long training finds that a broader band passes, and paints the margin of
    its painting there. Six and twelve rows differ from the next in any picture,
    so only that counts which is against the photo's band or more than twice it.
    Brush strokes leave some of that, too, but not the same in both halves of an
    edge: the power of such a band is the product of its halves, where they
    agree in sign.

    Args:
        pictures: (batch, height, width, 3), 0..255, of a static height and
            width of at least 24.
        photos: What they were made from, of the same shape.

    Returns:
        Scalar in squared grey levels: mean over the four edges.
    """
    photos = ops.cast(photos, pictures.dtype)
    powers = []
    for painted, real in zip(_edges(pictures), _edges(photos), strict=True):
        crease = _band(painted[0] - real[0], _CREASE)
        powers.append(ops.square(_root_power(crease)))
        for rows in _MARGINS:
            first, second = (
                _root_power(_excess(_band(ours, rows), _band(theirs, rows)))
                for ours, theirs in zip(painted[1:], real[1:], strict=True)
            )
            powers.append(ops.relu(first * second))
    return sum(ops.mean(power) for power in powers) / 4


def _edges(pictures):
    """Mean rows from each edge inwards: of all of it, and of its halves.

    Returns:
        For each of the four edges three (batch, 24, 3) tensors.
    """
    depth = 2 * max(_MARGINS)
    edges = []
    for rows_first in (pictures, ops.transpose(pictures, (0, 2, 1, 3))):
        length = rows_first.shape[2]
        middle = length // 2
        for rows in (
            rows_first[:, :depth],
            ops.flip(rows_first[:, -depth:], axis=1),
        ):
            first = ops.mean(rows[:, :, :middle], axis=2)
            second = ops.mean(rows[:, :, middle:], axis=2)
            whole = first + (1 - middle / length) * (second - first)
            edges.append((whole, first, second))
    return edges


def _band(lines, rows):
    """By how much the outermost rows differ from as many next to them."""
    outer, inner = lines[:, :rows], lines[:, rows : 2 * rows]
    return ops.mean(outer, axis=1) - ops.mean(inner, axis=1)


def _excess(band, photo_band):
    """What is left of a band beyond 0 to 2 times the photo's."""
    low, high = ops.minimum(photo_band, 0.0), ops.maximum(photo_band, 0.0)
    return band - ops.minimum(ops.maximum(band, 2.0 * low), 2.0 * high)


def _root_power(band):
    """A number whose square is linear where a band is beyond `_STRONG_BAND`."""
    strong = ops.maximum(ops.abs(band), _STRONG_BAND)
    root = ops.sqrt(_STRONG_BAND * (2.0 * strong - _STRONG_BAND))
    return ops.clip(band, -_STRONG_BAND, _STRONG_BAND) * root / _STRONG_BAND


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
