"""Random views: pictures in other colours, sharpness, noise and zoom."""

from typing import Any

import numpy as np
from keras import ops

_COUNT = 4096
"""Views; a run goes through them again and again."""


class RandomViews:
    """Random views of the pictures for a depth network, another each step.

    Training finds fine patterns that mean depth to one network alone. Views
    that change from step to step leave less of them (expectation over
    transformation, Athalye et al. 2018, arXiv:1707.07397, eq. 2).

    A view depends on the step alone: a run that is continued, on another
    backend or split over several devices sees the same. Pictures are (batch,
    height, width, 3) float32, of a static height and width; views have the
    same shape.
    """

    def __init__(self, seed: int):
        """Draws the views."""
        random = np.random.default_rng(seed)
        self._seed = seed
        self._draws = {
            "saturation": random.uniform(0.2, 1.6, (_COUNT, 1)),
            "contrast": np.exp(0.25 * random.standard_normal((_COUNT, 3))),
            "brightness": 12.0 * random.standard_normal((_COUNT, 3)),
            "blur": random.uniform(0.0, 1.0, (_COUNT, 1)),
            "noise": random.uniform(0.0, 25.0, (_COUNT, 1)),
        }
        # Every other step shows pictures as they are: with noise and blur
        # depth networks see less depth, so that the network would learn to
        # paint more depth than the photo has.
        for name, draws in self._draws.items():
            draws[1::2] = name in ("saturation", "contrast")
            self._draws[name] = draws.astype("float32")
        self._shifts = random.integers(0, 2**16, (_COUNT, 2)).astype("int32")
        random = np.random.default_rng((seed, 1))
        scales = 2.0 ** random.uniform(-1, 1, (_COUNT, 2))
        self._scales = scales.astype("float32")
        self._places = random.random((_COUNT, 2), "float32")

    def recolor(self, pictures: Any, step: Any) -> Any:
        """Changes colours, contrast, sharpness and noise of RGB in 0..255."""
        index = ops.cast(step, "int32") % _COUNT
        view = {k: ops.take(v, index, axis=0) for k, v in self._draws.items()}
        grey = ops.mean(pictures, axis=-1, keepdims=True)
        x = grey + view["saturation"] * (pictures - grey)
        mean = ops.mean(x, axis=(1, 2), keepdims=True)
        x = mean + view["contrast"] * (x - mean) + view["brightness"]
        x = x + view["blur"] * (_blurred(x) - x)
        x = x + view["noise"] * self._noise(x.shape[1:3], index)
        return ops.clip(x, 0.0, 255.0)

    def zoom(self, pictures: Any, step: Any) -> Any:
        """Scales height and width each by half to twice, alike for all.

        Depth networks squeeze pictures to a square of their own size, so the
        size of brush strokes there depends on the picture's. A part of the
        picture is taken, or more than the whole, then with its mirror image.
        """
        index = ops.cast(step, "int32") % _COUNT
        scales = ops.take(self._scales, index, axis=0)
        places = ops.take(self._places, index, axis=0)
        for i, axis in enumerate((1, 2)):
            pictures = _scaled(pictures, axis, scales[i], places[i])
        return pictures

    def _noise(self, size, index):
        """(height, width, 3), normal: one picture, rolled to and fro."""
        random = np.random.default_rng(self._seed)
        noise = random.standard_normal((*size, 3)).astype("float32")
        shift = ops.take(self._shifts, index, axis=0)
        return ops.roll(noise, (shift[0], shift[1]), axis=(0, 1))


def _scaled(x, axis, scale, place):
    """Resamples x along an axis, keeping its length: lines `scale` apart.

    The window of `scale` times the length lies at the start of x for `place`
    0 and at its end for 1; beyond the ends x is mirrored.
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
    """A 5x5 pyramid, two 3x3 boxes; the border counts what is inside.

    Sums of shifted pictures take half the time of pooling on a CPU.
    """
    for axis in (1, 2, 1, 2):
        length = x.shape[axis]
        shape = [-1 if i == axis else 1 for i in range(4)]
        padded = ops.pad(x, [(1, 1) if n == -1 else (0, 0) for n in shape])
        leading = (slice(None),) * axis
        sums = sum(padded[(*leading, slice(i, i + length))] for i in range(3))
        count = np.full(length, 3, "float32")
        count[[0, -1]] = 2
        x = sums / count.reshape(shape)
    return x
