"""Random crops and colours of training pictures, in TensorFlow.

Every batch follows from its seed alone, so that a continued run sees what it
would have seen.
"""

from typing import Any

import tensorflow as tf

Tensor = Any


class Draw:
    """Random numbers for a batch of pictures, all from one seed."""

    def __init__(self, seed: Tensor, batch: int):
        """Starts anew; `seed` is (2,) int32, `batch` the number of pictures."""
        self._batch = batch
        self._seeds = iter(tf.unstack(tf.random.split(seed, 64)))

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """(batch, *shape) float32 in low..high."""
        return tf.random.stateless_uniform(
            (self._batch, *shape), next(self._seeds), low, high
        )

    def normal(self, *shape: int) -> Tensor:
        """(batch, *shape) float32 of variance 1."""
        return tf.random.stateless_normal(
            (self._batch, *shape), next(self._seeds)
        )

    def rows(self, count: int) -> Tensor:
        """(batch,) int32 in 0..count - 1."""
        return tf.random.stateless_uniform(
            (self._batch,), next(self._seeds), 0, count, tf.int32
        )

    def chance(self, share: float) -> Tensor:
        """(batch, 1, 1, 1) float32, 1 in a `share` of the pictures, else 0."""
        return tf.cast(self.uniform(0, 1, 1, 1, 1) < share, tf.float32)


def crop_boxes(draw: Draw, least: float, stretch: float = 1.14) -> Tensor:
    """Boxes for `tf.image.crop_and_resize`, half of them mirrored.

    Returns (batch, 4) float32: top, left, bottom, right in 0..1. `least` is the
    smallest share of a side, `stretch` bounds how unequal the sides are.
    """
    side = 1 - (1 - least) * draw.uniform(0, 1, 1) ** 1.5
    sides = side * draw.uniform(1 / stretch, stretch, 2)
    sides = tf.clip_by_value(sides, 0.9 * least, 1.0)
    low = draw.uniform(0, 1, 2) * (1 - sides)
    high = low + sides
    mirror = draw.uniform(0, 1, 1) < 0.5
    left = tf.where(mirror, high, low)[:, 1:]
    right = tf.where(mirror, low, high)[:, 1:]
    return tf.concat([low[:, :1], left, high[:, :1], right], axis=1)


def crop(pictures: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Cuts the boxes out: (batch, size, size, channels) float32."""
    rows = tf.range(tf.shape(boxes)[0])
    return tf.image.crop_and_resize(pictures, boxes, rows, (size, size))


def recolor(pictures: Tensor, draw: Draw) -> Tensor:
    """Changes sharpness, exposure and colours; adds grain.

    Every fourth picture changes far beyond what a camera does, since it stands
    for a painting: channels are mixed and inverted, blotches and strokes of
    colour are laid over.

    Takes and gives (batch, size, size, 3) float32 in 0..255.
    """
    size = pictures.shape[1]
    wild = draw.chance(0.25)
    x = pictures / 255
    blurred = tf.nn.avg_pool2d(x, 3, 1, "SAME")
    x += draw.uniform(-0.5, 0.8, 1, 1, 1) * (blurred - x)
    x = tf.clip_by_value(x, 1e-3, 1) ** tf.exp(0.25 * draw.normal(1, 1, 1))
    grey = tf.reduce_mean(x, axis=-1, keepdims=True)
    x = grey + draw.uniform(0.0, 1.6, 1, 1, 1) * (x - grey)
    mix = tf.eye(3) + (0.04 + 0.5 * wild[..., 0]) * draw.normal(3, 3)
    mix /= tf.reduce_sum(mix**2, axis=1, keepdims=True) ** 0.5
    mean = tf.reduce_mean(x, axis=(1, 2), keepdims=True)
    x = tf.einsum("bhwc,bcd->bhwd", x - mean, mix)
    x *= draw.uniform(0.7, 1.2, 1, 1, 1)
    x += mean + (0.03 + 0.15 * wild) * draw.normal(1, 1, 3)
    for cells, strength in ((6, 0.15), (size // 4, 0.1)):
        spots = tf.image.resize(draw.normal(cells, cells, 3), (size, size))
        x += wild * draw.uniform(0, strength, 1, 1, 1) * spots
    x += draw.uniform(0, 0.03, 1, 1, 1) * draw.normal(size, size, 1)
    return 255 * tf.clip_by_value(x, 0, 1)
