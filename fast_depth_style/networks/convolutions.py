"""The two convolutions of the transformer network, both without borders."""

import keras
from keras import ops


class ReflectionConv2D(keras.layers.Layer):
    """Convolution whose border is the picture's own reflection.

    Zero padding would paint a frame that the network then learns to live with;
    reflection leaves none. Output size is ceil(input size / strides).
    """

    def __init__(self, filters: int, kernel_size: int, strides: int = 1, **kw):
        """Creates the layer.

        Args:
            filters: Number of output channels.
            kernel_size: Odd side of the kernel, in pixels.
            strides: 1 or 2.
            **kw: Passed on to `keras.layers.Layer`.
        """
        super().__init__(**kw)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides

    def build(self, input_shape):
        """Creates kernel (k, k, in, out) and bias."""
        k = self.kernel_size
        self.kernel = self.add_weight(
            shape=(k, k, input_shape[-1], self.filters),
            initializer="glorot_uniform",
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.filters,), initializer="zeros", name="bias"
        )

    def call(self, x):
        """Convolves (batch, height, width, channels)."""
        p = self.kernel_size // 2
        x = ops.pad(x, [[0, 0], [p, p], [p, p], [0, 0]], mode="reflect")
        x = ops.conv(x, self.kernel, strides=self.strides, padding="valid")
        return x + self.bias


class UpsamplingConv2D(ReflectionConv2D):
    """Nearest-neighbour doubling, then a convolution.

    A strided transposed convolution covers its output unevenly, which shows as
    a checkerboard (Odena, Dumoulin, Olah 2016); this covers it evenly.
    """

    def call(self, x):
        """Doubles height and width and convolves."""
        return super().call(double(x))


def double(x):
    """Repeats every pixel of (batch, h, w, c) into a 2x2 block.

    By reshape and tile: the gradient of a nearest resize does not compile
    under XLA, and `UpSampling2D` does not convert to a TFLite file of dynamic
    size.
    """
    _, height, width, channels = ops.shape(x)
    x = ops.reshape(x, (-1, height, 1, width, 1, channels))
    x = ops.tile(x, (1, 1, 2, 1, 2, 1))
    return ops.reshape(x, (-1, 2 * height, 2 * width, channels))
