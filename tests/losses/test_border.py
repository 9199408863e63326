"""The border loss, whose equation is the longest."""

import numpy as np
from gradients import assert_gradient

from fast_depth_style.losses import pixels


def _bands(channel, rows):
    """At the top, right, bottom and left: outer less inner rows."""
    edges = [np.rot90(channel, turns) for turns in range(4)]
    return np.array(
        [x[:rows].mean() - x[rows : 2 * rows].mean() for x in edges]
    )


def _half_bands(channel, rows):
    """The same of the two halves of every edge: (2, 4)."""
    height, width = (n // 2 for n in channel.shape)
    above, below = (_bands(x, rows) for x in np.split(channel, [height]))
    left, right = (_bands(x, rows) for x in np.split(channel, [width], axis=1))
    first = [left[0], above[1], left[2], above[3]]
    return np.array([first, [right[0], below[1], right[2], below[3]]])


def _root_power(bands):
    size = np.abs(bands)
    power = np.where(size < 8, size**2, 16 * size - 64)
    return np.sign(bands) * np.sqrt(power)


def test_border_is_the_power_of_the_bands_along_the_edges():
    random = np.random.default_rng(4)
    photos, pictures = random.uniform(0, 255, (2, 3, 50, 49, 3))
    pictures[:, -5:] = 0  # Among bands of noise, one that is strong.
    photos[:, :, :9] += 40  # One that the photo has more of,
    pictures[:, :, :9] += 20
    photos[:, :9] += 10  # and one that it has less than half of.
    pictures[:, :9] += 60
    expected, kinds = 0, set()
    for channel in np.ndindex(3, 3):
        photo, picture = (
            x[channel[0], :, :, channel[1]] for x in (photos, pictures)
        )
        expected += np.sum(_root_power(_bands(picture - photo, 3)) ** 2) / 36
        for rows in (6, 12):
            ours = _half_bands(picture, rows)
            theirs = _half_bands(photo, rows)
            excess = np.where(
                ours * theirs < 0,
                ours,
                np.sign(ours) * np.maximum(abs(ours) - 2 * abs(theirs), 0),
            )
            kinds |= set(np.sign(np.prod(excess, axis=0)))
            product = np.prod(_root_power(excess), axis=0)
            expected += np.sum(product[product > 0]) / 36
    assert kinds == {-1, 0, 1}
    np.testing.assert_allclose(
        pixels.border(pictures.astype("float32"), photos), expected, rtol=1e-4
    )


def test_gradient_of_border():
    random = np.random.default_rng(5)
    photos, pictures = random.uniform(0, 255, (2, 1, 24, 24, 1)).astype("f4")
    assert_gradient(lambda x: pixels.border(x, photos), pictures)
