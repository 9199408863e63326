"""A convolution that is normalized while it is trained, and plain after."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

_EPSILON = 1e-3
_MOMENTUM = 0.95


class NormalizedConv2D(keras.layers.Layer):
    """Convolution and batch normalization, to be folded into one convolution.

    The last convolution of a residual branch (its name ends in "_residual")
    starts small, so that the branch starts close to nothing.
    """

    def __init__(self, filters, kernel_size, strides, padding, dtype, name):
        """Takes what `keras.layers.Conv2D` takes."""
        super().__init__(dtype=dtype, name=name)
        self.convolution = keras.layers.Conv2D(
            filters,
            kernel_size,
            strides,
            padding,
            use_bias=False,
            dtype=dtype,
        )
        self.start = 0.25 if name.endswith("_residual") else 1.0

    def build(self, input_shape):
        """Makes the kernel and the numbers per channel."""
        self.convolution.build(input_shape)

        def per_channel(name, value, trainable):
            return self.add_weight(
                name=name,
                shape=(self.convolution.filters,),
                initializer=keras.initializers.Constant(value),
                trainable=trainable,
                autocast=False,
            )

        self.gamma = per_channel("gamma", self.start, True)
        self.beta = per_channel("beta", 0.0, True)
        self.moving_mean = per_channel("moving_mean", 0.0, False)
        self.moving_variance = per_channel("moving_variance", 1.0, False)

    def call(self, inputs, training=False):
        """Convolves, then normalizes."""
        x = self.convolution(inputs)
        # One fused kernel that takes bfloat16 as it is: Keras's own layer
        # goes through float32 and takes as long as the convolutions.
        if not training:
            return tf.raw_ops.FusedBatchNormV3(
                x=x,
                scale=self.gamma.value,
                offset=self.beta.value,
                mean=self.moving_mean.value,
                variance=self.moving_variance.value,
                epsilon=_EPSILON,
                is_training=False,
            ).y
        result = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=_EPSILON,
            is_training=True,
        )
        for moving, now in (
            (self.moving_mean, result.batch_mean),
            (self.moving_variance, result.batch_variance),
        ):
            moving.assign(_MOMENTUM * moving.value + (1 - _MOMENTUM) * now)
        return result.y

    def plain_weights(self) -> dict[str, np.ndarray]:
        """{"kernel", "bias"} of the `Conv2D` that computes the same."""
        kernel, gamma, beta, mean, variance = [
            ops.convert_to_numpy(weight)
            for weight in (
                self.convolution.kernel,
                self.gamma,
                self.beta,
                self.moving_mean,
                self.moving_variance,
            )
        ]
        scale = gamma / np.sqrt(variance + _EPSILON)
        return {"kernel": kernel * scale, "bias": beta - mean * scale}


def normalized_unless_last(
    filters, kernel_size, strides, padding, dtype, name
) -> keras.layers.Layer:
    """Makes the convolutions of `compact_depth_body`; the last one is plain."""
    last = name == "inverse_depth"
    layer = keras.layers.Conv2D if last else NormalizedConv2D
    return layer(
        filters,
        kernel_size,
        strides=strides,
        padding=padding,
        dtype=dtype,
        name=name,
    )
