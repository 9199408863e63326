"""Layers of the image transformation network.

Each computes with one of `KERNELS`, to the same results up to rounding.
"""

import functools
import types
from typing import Any

import keras
from keras import ops

from fast_depth_style.networks import EPSILON
from fast_depth_style.networks.subpixel import subpixel_kernel

KERNELS = ("portable", "tensorflow_cpu", "tflite")
"""What layers compute with: operations of any backend, which are exported to
SavedModel; those that train faster with TensorFlow on a CPU, of static shapes;
those that are fast on phones."""

_convolve = functools.partial(
    ops.conv, padding="valid", data_format="channels_last"
)


class InstanceNormalization(keras.layers.Layer):
    """Normalizes every picture and channel, then scales and shifts them.

    y = scale * (x - mean) / sqrt(variance + 1e-5) + shift, with mean and
    variance over height and width (Ulyanov, Vedaldi, Lempitsky 2016, eq. 2).
    Scale and shift are inputs, by which a network has many styles (Dumoulin,
    Shlens, Kudlur 2017, eq. 5). Written out, because it converts to TFLite more
    cleanly than `GroupNormalization`. The statistics are float32 under every
    dtype policy.
    """

    def __init__(self, kernels: str = "portable", **kwargs: Any):
        """Creates the layer; `kwargs` go to `keras.layers.Layer`."""
        super().__init__(autocast=False, **kwargs)
        self._fused = getattr(_kernels(kernels), "instance_norm", None)
        self.built = True

    def statistics(self, x: Any, pooled: bool = False) -> tuple[Any, Any]:
        """Mean and variance of each channel, (batch or 1, 1, 1, channels).

        `pooled`, over the whole batch, as if it were one picture's patches.
        """
        axes = (0, 1, 2) if pooled else (1, 2)
        x = ops.cast(x, "float32")
        mean = ops.mean(x, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(x - mean), axis=axes, keepdims=True)
        return mean, variance

    def call(
        self,
        x: Any,
        scale: Any,
        shift: Any,
        masks: Any = None,
        statistics: tuple[Any, Any] | None = None,
    ) -> Any:
        """Normalizes `x`, with its own statistics or with given ones.

        Scale and shift are float32, (batch or 1, 1, 1, channels). With masks of
        k regions, (k, batch, height, width, 1) that add up to 1, they are (k,
        1, 1, channels).
        """
        if statistics is None and masks is None and self._fused is not None:
            return self._fused(x, scale, shift, EPSILON)
        mean, variance = statistics or self.statistics(x)
        factor = ops.rsqrt(variance + EPSILON)

        def styled(scale, shift):
            gain = factor * scale
            offset = shift - mean * gain
            return x * ops.cast(gain, x.dtype) + ops.cast(offset, x.dtype)

        if masks is None:
            return styled(scale, shift)

        def region(i):
            return ops.cast(masks[i], x.dtype) * styled(scale[i], shift[i])

        # Region by region, to avoid per-pixel maps of scale and shift.
        return ops.fori_loop(
            1,
            ops.shape(masks)[0],
            lambda i, painted: painted + region(i),
            region(0),
        )


class ReflectionConv2D(keras.layers.Layer):
    """Convolution whose border is the picture's own reflection.

    Zero padding would show as a frame in the painting. The kernel's side is
    odd, strides are 1 or 2, output size is ceil(input size / strides).
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        kernels: str = "portable",
        **kwargs: Any,
    ):
        """Creates the layer; `kwargs` go to `keras.layers.Layer`."""
        super().__init__(**kwargs)
        self.filters, self.kernel_size = filters, kernel_size
        self.strides = strides
        self._kernels = _kernels(kernels)

    def build(self, input_shape: Any) -> None:
        """Creates kernel (k, k, in, out) and bias."""
        k = self.kernel_size
        shape = (k, k, input_shape[-1], self.filters)
        self.kernel = self.add_weight(shape, "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def call(self, x: Any) -> Any:
        """Convolves (batch, height, width, channels)."""
        x = self._kernels.pad(x, self.kernel_size // 2, "reflect")
        return _convolve(x, self.kernel, self.strides) + self.bias


class UpsamplingConv2D(ReflectionConv2D):
    """Bilinear doubling, then a 3x3 convolution.

    A strided transposed convolution covers its output unevenly, which shows as
    a checkerboard (Odena, Dumoulin, Olah 2016). Nearest-neighbour doubling
    leaves pairs of equal pixels, which the convolution tells apart.
    """

    def __init__(self, filters: int, **kwargs: Any):
        """Creates the layer; `kwargs` as for `ReflectionConv2D`."""
        super().__init__(filters, 3, **kwargs)

    def call(self, x: Any) -> Any:
        """Doubles height and width and convolves."""
        # Beyond the border of the doubled picture, its own pixels again.
        x = self._kernels.pad(x, 1, "symmetric")
        x = _convolve(x, self.subpixel_kernel(), 1)
        return ops.depth_to_space(x, 2, data_format="channels_last") + self.bias

    def subpixel_kernel(self) -> Any:
        """As the function of that name makes it of this layer's kernel."""
        return subpixel_kernel(ops.convert_to_tensor(self.kernel), ops)


class FewFiltersConv2D(ReflectionConv2D):
    """A large convolution to so few channels that most of a vector idles.

    Four neighbouring pixels are computed as channels of one, by shifted copies
    of the kernel, and then put in their places. Height and width are even.
    """

    def call(self, x: Any) -> Any:
        """Convolves (batch, height, width, channels)."""
        kernel = ops.convert_to_tensor(self.kernel)
        kernel = ops.concatenate(_shifts(kernel), axis=-1)
        x = self._kernels.pad(x, self.kernel_size // 2, "reflect")
        x = _convolve(x, kernel, 2)
        return ops.depth_to_space(x, 2, data_format="channels_last") + self.bias


def pad(x: Any, width: int, mode: str) -> Any:
    """Extends pictures by reflection, `reflect` or `symmetric` as in numpy."""
    return ops.pad(x, [[0, 0], [width] * 2, [width] * 2, [0, 0]], mode=mode)


def pad_by_slices(x: Any, width: int, mode: str) -> Any:
    """What `pad` does, in operators that are fast on phones.

    TFLite's MIRROR_PAD computes an index for every single value, which takes
    ten times as long and, in a small network, half of all time; its GPU
    delegate has no `symmetric` one.
    """
    skip = 1 if mode == "reflect" else 0
    head = range(skip + width - 1, skip - 1, -1)
    tail = range(-1 - skip, -1 - skip - width, -1)
    for axis in (1, 2):
        leading = (slice(None),) * axis
        before, after = (
            [x[(*leading, slice(i, i + 1 or None))] for i in indices]
            for indices in (head, tail)
        )
        # At most five at once, or another kernel than XNNPACK's takes them.
        if width > 1:
            before = [ops.concatenate(before, axis)]
            after = [ops.concatenate(after, axis)]
        x = ops.concatenate([*before, x, *after], axis)
    return x


def _kernels(name: str) -> Any:
    """Module with `pad` and optionally `instance_norm` of a kernel set."""
    if name not in KERNELS:
        raise ValueError(f"no kernels {name!r}: there are {', '.join(KERNELS)}")
    if name == "tensorflow_cpu":
        from fast_depth_style.networks import tensorflow_kernels

        return tensorflow_kernels
    padding = pad_by_slices if name == "tflite" else pad
    return types.SimpleNamespace(pad=padding)


def _shifts(kernel: Any) -> list[Any]:
    """The four places of a (k, k, in, out) kernel in one of k + 1."""
    return [
        ops.pad(kernel, [[i, 1 - i], [j, 1 - j], [0, 0], [0, 0]])
        for i in (0, 1)
        for j in (0, 1)
    ]
