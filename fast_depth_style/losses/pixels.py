"""Losses of pixels: likeness, smoothness, lattice, border and range.

Pictures are (batch, height, width, 3) in about 0..255; losses are scalars in
squared grey levels. `lattice`, `border` and `out_of_range` are this project's
own.
"""

from typing import Any

from keras import ops

_PERIOD, _BLOCKS = 4, 6
_CREASE, _MARGINS = 3, (6, 12)
_STRONG_BAND = 8.0


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


def lattice(pictures: Any) -> Any:
    """Power of what repeats every four pixels, in windows of 24x24.

    The variance within the mean of a window's blocks of 4x4 pixels. A network
    that upsamples by two twice can tell four pixels in a row apart, and paints
    even surfaces with a texture of that period (the checkerboard of Odena et
    al. 2016). The mean of the blocks keeps that texture and little of brush
    strokes, which lie anywhere. Height and width are static and at least 24.
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


def border(pictures: Any, photos: Any) -> Any:
    """Power of bands along an edge that the photo does not have.

    Padding mirrors a picture at its edge, and a network may paint the crease
    there as one more contour. A band is by how much the mean of the outermost
    rows differs from that of as many rows next to them. The loss is a mean
    over the four edges; height and width are static and at least 24.

    - Three rows: the difference between the picture's band and the photo's.
      Up to 8 grey levels it counts squared, beyond them linearly (twice
      Huber's loss of 1964, k = 8): that much is a frame or a dark margin of
      the photo, which a painting cannot keep exactly.
    - Six and twelve rows, or the network paints a broader margin instead. They
      differ in any picture, so only what is against the photo's band or more
      than twice it counts. Brush strokes leave some of that too, but not the
      same in both halves of an edge: the power is the product of the halves,
      where they agree in sign.
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
    """From each edge inwards, (batch, 24, 3) means of all and of its halves."""
    depth = 2 * max(_MARGINS)
    edges = []
    for rows_first in (pictures, ops.transpose(pictures, (0, 2, 1, 3))):
        length = rows_first.shape[2]
        middle = length // 2
        far = ops.flip(rows_first[:, -depth:], axis=1)
        for rows in (rows_first[:, :depth], far):
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


def out_of_range(pictures: Any) -> Any:
    """Mean (y - clip(y, 0, 255))^2: how far colours are out of range.

    The network's output is linear, and clipping alone would lose detail and
    its gradient.
    """
    return ops.mean(ops.square(pictures - ops.clip(pictures, 0.0, 255.0)))
