"""The convolutions of the transformer network, all without borders."""

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
    """Nearest-neighbour doubling, then a 3x3 convolution.

    A strided transposed convolution covers its output unevenly, which shows as
    a checkerboard (Odena, Dumoulin, Olah 2016); this covers it evenly.
    """

    def __init__(self, filters: int, **kw):
        """Creates the layer.

        Args:
            filters: Number of output channels.
            **kw: Passed on to `keras.layers.Layer`.
        """
        super().__init__(filters, 3, **kw)

    def call(self, x):
        """Doubles height and width and convolves.

        Doubling is a transposed convolution with a 2x2 kernel of ones. One
        with the sum of four shifted kernels does both at once, in less than
        half the multiplications and without the doubled features.
        """
        kernel = ops.flip(ops.convert_to_tensor(self.kernel), (0, 1))
        kernel = ops.transpose(sum(_shifts(kernel)), (0, 1, 3, 2))
        # A pixel beyond the border of the doubled picture, by reflection, is
        # the second of the border's own two.
        x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="symmetric")
        x = ops.conv_transpose(x, kernel, strides=2, padding="valid")
        return x[:, 3:-3, 3:-3] + self.bias


class FewFiltersConv2D(ReflectionConv2D):
    """A large convolution to so few channels that most of a vector idles.

    Four neighbouring pixels are computed as channels of one, by shifted copies
    of the kernel, and then put in their places. Height and width are even.
    """

    def call(self, x):
        """Convolves (batch, height, width, channels)."""
        kernel = ops.convert_to_tensor(self.kernel)
        kernel = ops.concatenate(_shifts(kernel), axis=-1)
        p = self.kernel_size // 2
        x = ops.pad(x, [[0, 0], [p, p], [p, p], [0, 0]], mode="reflect")
        x = ops.conv(x, kernel, strides=2, padding="valid")
        return ops.depth_to_space(x, 2) + self.bias


def _shifts(kernel):
    """The four places of a (k, k, in, out) kernel in one of k + 1."""
    return [
        ops.pad(kernel, [[i, 1 - i], [j, 1 - j], [0, 0], [0, 0]])
        for i in (0, 1)
        for j in (0, 1)
    ]
