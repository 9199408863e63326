"""Instance normalization (Ulyanov, Vedaldi, Lempitsky 2016, eq. 2)."""

import keras
from keras import ops

EPSILON = 1e-5


class InstanceNormalization(keras.layers.Layer):
    """Normalizes every picture and channel over its own pixels.

    y = scale * (x - mean) / sqrt(variance + 1e-5) + shift, with mean and
    variance over height and width. Written out, because it converts to TFLite
    more cleanly than `GroupNormalization`. The statistics are float32 under
    every dtype policy.

    Attributes:
        fused: A backend's own kernel, (x, scale, shift) to the result, for
            training; None computes it by single operations, as every export
            does.
    """

    fused = None

    def build(self, input_shape):
        """Creates scale and shift, one of each per channel."""
        channels = (input_shape[-1],)
        self.scale = self.add_weight(
            shape=channels, initializer="ones", name="scale"
        )
        self.shift = self.add_weight(
            shape=channels, initializer="zeros", name="shift"
        )

    def statistics(self, x, pooled: bool = False):
        """Mean and variance of each channel, (batch or 1, 1, 1, channels).

        Args:
            x: (batch, height, width, channels).
            pooled: Over the whole batch, as if it were one picture's patches.
        """
        axes = (0, 1, 2) if pooled else (1, 2)
        x = ops.cast(x, "float32")
        mean = ops.mean(x, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(x - mean), axis=axes, keepdims=True)
        return mean, variance

    def call(self, x, statistics=None):
        """Normalizes `x`, with its own statistics or with given ones."""
        if statistics is None and self.fused is not None:
            return self.fused(x, self.scale, self.shift)
        mean, variance = statistics or self.statistics(x)
        gain = ops.rsqrt(variance + EPSILON) * ops.cast(self.scale, "float32")
        offset = ops.cast(self.shift, "float32") - mean * gain
        return x * ops.cast(gain, x.dtype) + ops.cast(offset, x.dtype)
