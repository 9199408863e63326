"""Pictures seen under other colours, out of focus and through noise."""

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


def _blurred(x):
    """A 5x5 pyramid, two 3x3 boxes; the border counts what is inside."""
    for axis in (1, 2, 1, 2):
        x = _box(x, axis)
    return x


def _box(x, axis):
    """Means of three along an axis, of two at its ends.

    Sums of shifted pictures, where pooling takes ten times as long on a CPU.
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
