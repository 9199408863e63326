"""Pictures seen in other colours, sharpness, noise and at other scales."""

import numpy as np
from keras import ops

_COUNT = 4096
"""Views; a run goes through them again and again."""

_AS_THEY_ARE = {
    "saturation": 1.0,
    "contrast": 1.0,
    "brightness": 0.0,
    "blur": 0.0,
    "noise": 0.0,
}


class RandomViews:
    """Shows a depth network each step's pictures under conditions of its own.

    A depth network has weaknesses of its own: fine patterns that mean depth to
    it and to no other network. To please it, training finds them. Colours,
    contrast, sharpness and noise that change from step to step are to leave
    less of the weaknesses than of depth (expectation over transformation,
    Athalye et al. 2018, arXiv:1707.07397, eq. 2, here to avoid what is there
    sought).

    Every other step shows them as they are: noise and blur make depth networks
    see less depth, and pictures that were never seen without would learn to
    make up for it with more depth than the photo has.

    A view depends on the step alone, so a run that is continued, on another
    backend or split over several devices sees the same.
    """

    def __init__(self, seed: int):
        """Draws the views.

        Args:
            seed: Of the views and the noise.
        """
        random = np.random.default_rng(seed)
        self._seed = seed
        draws = {
            "saturation": random.uniform(0.2, 1.6, (_COUNT, 1)),
            "contrast": np.exp(0.25 * random.standard_normal((_COUNT, 3))),
            "brightness": 12.0 * random.standard_normal((_COUNT, 3)),
            "blur": random.uniform(0.0, 1.0, (_COUNT, 1)),
            "noise": random.uniform(0.0, 25.0, (_COUNT, 1)),
        }
        for name, changes in draws.items():
            changes[1::2] = _AS_THEY_ARE[name]
        self._draws = {k: v.astype("float32") for k, v in draws.items()}
        self._shifts = random.integers(0, 2**16, (_COUNT, 2)).astype("int32")

    def __call__(self, pictures, step):
        """The view of a step.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255, of a
                static height and width.
            step: Steps done so far.

        Returns:
            The same shape, in 0..255.
        """
        index = ops.cast(step, "int32") % _COUNT
        view = {k: ops.take(v, index, axis=0) for k, v in self._draws.items()}
        grey = ops.mean(pictures, axis=-1, keepdims=True)
        x = grey + view["saturation"] * (pictures - grey)
        mean = ops.mean(x, axis=(1, 2), keepdims=True)
        x = mean + view["contrast"] * (x - mean) + view["brightness"]
        x = x + view["blur"] * (_blurred(x) - x)
        x = x + view["noise"] * self._noise(x.shape[1:3], index)
        return ops.clip(x, 0.0, 255.0)

    def _noise(self, size, index):
        """(height, width, 3), normal: one picture, rolled to and fro."""
        random = np.random.default_rng(self._seed)
        noise = random.standard_normal((*size, 3)).astype("float32")
        shift = ops.take(self._shifts, index, axis=0)
        return ops.roll(noise, (shift[0], shift[1]), axis=(0, 1))


class RandomZoom:
    """Shows a depth network each step's pictures and photos at another scale.

    Depth networks squeeze what they see to a square of a size of their own.
    The brush strokes of square crops have one size there, those of wide or
    large pictures, or in another network, have others: depth that is learned
    at one is partly lost at them.

    Height and width are scaled each by half to twice. Less than the whole is
    seen from anywhere inside, more is the picture's mirror image.

    A scale depends on the step alone, as a view does.
    """

    def __init__(self, seed: int):
        """Draws scales and places.

        Args:
            seed: Of both.
        """
        random = np.random.default_rng((seed, 1))
        scales = 2.0 ** random.uniform(-1, 1, (_COUNT, 2))
        self._scales = scales.astype("float32")
        self._places = random.random((_COUNT, 2), "float32")

    def __call__(self, pictures, photos, step):
        """The same part of both, at the scales of a step.

        Args:
            pictures: (batch, height, width, 3) float32, of a static height and
                width.
            photos: The same.
            step: Steps done so far.

        Returns:
            Two of the same shape, interpolated linearly.
        """
        index = ops.cast(step, "int32") % _COUNT
        scales = ops.take(self._scales, index, axis=0)
        places = ops.take(self._places, index, axis=0)
        zoomed = []
        # Photos need no gradient; with theirs this takes 1.4 times as long.
        for x in (pictures, ops.stop_gradient(photos)):
            for i, axis in enumerate((1, 2)):
                x = _scaled(x, axis, scales[i], places[i])
            zoomed.append(x)
        return tuple(zoomed)


def _scaled(x, axis, scale, place):
    """As many lines as x has along an axis, `scale` of a line apart.

    They fill a window of `scale` times the length, which lies at the start of
    x for `place` 0 and at its end for 1; beyond the ends x is mirrored.
    """
    length = x.shape[axis]
    positions = np.arange(length, dtype="float32") + 0.5
    lines = place * (1.0 - scale) * length + scale * positions
    # Centres of lines are at halves; every other copy of x runs backwards.
    lines = ops.mod(lines, 2.0 * length)
    lines = ops.minimum(lines, 2.0 * length - lines) - 0.5
    before = ops.clip(ops.floor(lines), 0, length - 2)
    part = ops.clip(lines - before, 0.0, 1.0)
    part = ops.reshape(part, [-1 if i == axis else 1 for i in range(4)])
    before = ops.cast(before, "int32")
    first, second = (ops.take(x, before + i, axis=axis) for i in (0, 1))
    return first + part * (second - first)


def _blurred(x):
    """A 5x5 pyramid, two 3x3 boxes; the border counts what is inside."""
    for axis in (1, 2, 1, 2):
        x = _box(x, axis)
    return x


def _box(x, axis):
    """Means of three along an axis, of two at its ends.

    Sums of shifted pictures take half the time of pooling on a CPU.
    """
    length = x.shape[axis]
    padding = [(1, 1) if i == axis else (0, 0) for i in range(4)]
    padded = ops.pad(x, padding)
    sums = sum(
        padded[:, i : i + length] if axis == 1 else padded[:, :, i : i + length]
        for i in range(3)
    )
    count = np.full(length, 3, "float32")
    count[[0, -1]] = 2
    return sums / count.reshape([-1 if i == axis else 1 for i in range(4)])
