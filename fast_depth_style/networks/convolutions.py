"""The convolutions of the transformer network, all without borders."""

import keras
from keras import ops


def pad(x, width: int, mode: str):
    """Extends (batch, height, width, channels) pictures by their reflection.

    Args:
        x: The pictures.
        width: Of the border, in pixels.
        mode: `reflect`, without the outermost pixels, or `symmetric`.
    """
    widths = [[0, 0], [width, width], [width, width], [0, 0]]
    return ops.pad(x, widths, mode=mode)


def cut(x, width: int):
    """Takes a border off (batch, height, width, channels) pictures."""
    return x[:, width:-width, width:-width]


def pad_by_slices(x, width: int, mode: str):
    """What `pad` does, in operators that are fast on phones.

    TFLite's MIRROR_PAD computes an index for every single value, which takes
    ten times as long and, in a small network, half of all time; its GPU
    delegate has no `symmetric` one. Where networks are trained, `pad` is as
    fast, and compiles sooner.
    """
    skip = 1 if mode == "reflect" else 0
    for axis in (1, 2):

        def at(i, axis=axis, x=x):
            part = slice(i, i + 1 or None)
            return x[:, part] if axis == 1 else x[:, :, part]

        before = [at(i) for i in reversed(range(skip, skip + width))]
        after = [at(-1 - i) for i in range(skip, skip + width)]
        # At most five at once, or another kernel than XNNPACK's takes them.
        if width > 1:
            before = [ops.concatenate(before, axis)]
            after = [ops.concatenate(after, axis)]
        x = ops.concatenate([*before, x, *after], axis)
    return x


class ReflectionConv2D(keras.layers.Layer):
    """Convolution whose border is the picture's own reflection.

    Zero padding would paint a frame that the network then learns to live with;
    reflection leaves none. Output size is ceil(input size / strides).

    Attributes:
        pad: The function that reflects, `pad` or `pad_by_slices`.
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
        self.pad = pad

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
        x = self.pad(x, self.kernel_size // 2, "reflect")
        x = ops.conv(x, self.kernel, strides=self.strides, padding="valid")
        return x + self.bias


class UpsamplingConv2D(ReflectionConv2D):
    """Nearest-neighbour doubling, then a 3x3 convolution.

    A strided transposed convolution covers its output unevenly, which shows as
    a checkerboard (Odena, Dumoulin, Olah 2016); this covers it evenly.

    Attributes:
        cut: The function that takes a border off.
    """

    def __init__(self, filters: int, **kw):
        """Creates the layer.

        Args:
            filters: Number of output channels.
            **kw: Passed on to `keras.layers.Layer`.
        """
        super().__init__(filters, 3, **kw)
        self.cut = cut

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
        x = self.pad(x, 1, "symmetric")
        x = ops.conv_transpose(x, kernel, strides=2, padding="valid")
        # Before the cut: TFLite has a transposed convolution with a bias.
        return self.cut(x + self.bias, 3)


class FewFiltersConv2D(ReflectionConv2D):
    """A large convolution to so few channels that most of a vector idles.

    Four neighbouring pixels are computed as channels of one, by shifted copies
    of the kernel, and then put in their places. Height and width are even.
    """

    def call(self, x):
        """Convolves (batch, height, width, channels)."""
        kernel = ops.convert_to_tensor(self.kernel)
        kernel = ops.concatenate(_shifts(kernel), axis=-1)
        x = self.pad(x, self.kernel_size // 2, "reflect")
        x = ops.conv(x, kernel, strides=2, padding="valid")
        return ops.depth_to_space(x, 2) + self.bias


def _shifts(kernel):
    """The four places of a (k, k, in, out) kernel in one of k + 1."""
    return [
        ops.pad(kernel, [[i, 1 - i], [j, 1 - j], [0, 0], [0, 0]])
        for i in (0, 1)
        for j in (0, 1)
    ]
