"""The image transformation network as an ONNX graph, made of arrays.

Neither Keras nor TensorFlow is needed. `keras.Model.export(format="onnx")` was
tried: it needs tf2onnx, writes 424 nodes for these 78, some of which GPUs lack,
and never the same file twice.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx

from fast_depth_style.networks import EPSILON, MARGIN, STRIDE
from fast_depth_style.networks.onnx_graph import OnnxGraph
from fast_depth_style.networks.subpixel import subpixel_kernel

STATISTICS = ("own", "pooled", "given")
"""Where the statistics of normalization come from: from each picture itself,
from all pictures of the batch, or from an input."""

_PICTURES = ("batch", "height", "width", 3)


def network_graph(
    weights: Mapping[str, np.ndarray],
    blocks: int,
    choice: bool = True,
    statistics: str = "own",
    regions: int = 0,
) -> onnx.ModelProto:
    """Writes the network with weights named as `named_weights` does.

    Inputs, all float32, are `image` (batch, height, width, 3) RGB in 0..255;
    with a number k of `regions`, `masks` (batch, height, width, k); with
    `choice`, `vector` (n,), or (k, n) of regions, by default the first style's;
    with "given" `STATISTICS`, `statistics` (2, channels). The output is
    `stylized_image`, clipped to 0..255, or the "pooled" `statistics`.
    """
    return _Writer(weights, choice, statistics, regions).write(blocks)


class _Writer:
    def __init__(
        self,
        weights: Mapping[str, np.ndarray],
        choice: bool,
        statistics: str,
        regions: int,
    ):
        self._weights, self._choice, self._regions = weights, choice, regions
        self._statistics = statistics
        self._graph = OnnxGraph()
        self._add = self._graph.add
        self._place = 0  # In the vector.
        self._channels = 0  # Before this layer, of all normalizations.
        self._found: list[str] = []
        # Of the masks of each region, at the sizes that features have.
        self._masks: dict[int, list[str]] = {}

    def write(self, blocks: int) -> onnx.ModelProto:
        add = self._add
        image = self._graph.take("image", _PICTURES)
        sizes = [add("Gather", add("Shape", image), axis) for axis in (1, 2)]
        if self._regions:
            masks = self._graph.take("masks", (*_PICTURES[:3], self._regions))
            masks = self._extended(masks, sizes)
            for scale in (1, 2, 4):
                if scale > 1:
                    halves = {"kernel_shape": [2, 2], "strides": [2, 2]}
                    masks = add("AveragePool", masks, **halves)
                self._masks[scale] = [
                    add("Slice", masks, [i], [i + 1], [1])
                    for i in range(self._regions)
                ]
        if self._choice:
            first = (self._regions,) if self._regions else ()
            self._graph.take("vector", (*first, "numbers"))
        if self._statistics == "given":
            self._graph.take("statistics", (2, "channels"))
        x = self._extended(image, sizes)
        x = add("Sub", add("Div", x, 127.5), 1.0)
        for name, scale in (("down0", 1), ("down1", 2), ("down2", 4)):
            x = add("Relu", self._layer(x, name, scale))
        for i in range(blocks):
            branch = add("Relu", self._layer(x, f"block{i}a", 4))
            x = add("Add", x, self._layer(branch, f"block{i}b", 4))
        for name, scale in (("up1", 2), ("up0", 1)):
            x = add("Relu", self._layer(x, name, scale))
        if self._statistics == "pooled":
            add("Concat", *self._found, axis=1)
            return self._graph.model("statistics", (2, "channels"))
        x = add("Add", add("Mul", self._convolved(x, "paint"), 50.0), 127.5)
        size = add("Gather", add("Shape", image), [1, 2])
        ends = add("Add", size, [MARGIN, MARGIN])
        x = add("Slice", x, [MARGIN, MARGIN], ends, [2, 3])
        x = add("Clip", x, 0.0, 255.0)
        add("Transpose", x, perm=[0, 2, 3, 1])
        return self._graph.model("stylized_image", _PICTURES)

    def _extended(self, x: str, sizes: list[str]) -> str:
        """As the network extends pictures; channels become the second axis."""
        add = self._add
        for axis, size in zip((1, 2), sizes, strict=True):
            # Of a negative number, Mod has the divisor's sign.
            missing = add("Mod", add("Neg", size), STRIDE)
            end = add("Add", add("Add", size, missing), MARGIN)
            period = add("Mul", add("Sub", size, 1), 2)
            lines = add("Mod", add("Range", -MARGIN, end, 1), period)
            lines = add("Min", lines, add("Sub", period, lines))
            x = add("Gather", x, lines, axis=axis)
        return add("Transpose", x, perm=[0, 3, 1, 2])

    def _layer(self, x: str, name: str, scale: int) -> str:
        """A convolution and its normalization, at 1 / `scale` of full size."""
        add = self._add
        channels = len(self._weights[f"{name}/bias"])
        x = self._convolved(x, name, 2 if name in ("down1", "down2") else 1)
        styled = self._normalized(x, channels, scale)
        gains, shifts = (self._parts(channels) for _ in range(2))
        made = ""
        # Maps of each pixel's scale and shift would take more memory.
        masks = self._masks.get(scale, [""])
        for gain, shift, mask in zip(gains, shifts, masks, strict=True):
            part = styled(gain, shift)
            if mask:
                part = add("Mul", part, mask)
            made = add("Add", made, part) if made else part
        self._channels += channels
        return made

    def _parts(self, channels: int) -> list[Any]:
        """The next (channels,) of the vector of each region."""
        add, start = self._add, self._place
        self._place = end = start + channels
        if not self._choice:
            return [self._weights["table"][0, 0, start:end]]
        if not self._regions:
            return [add("Slice", "vector", [start], [end])]
        part = add("Slice", "vector", [start], [end], [1])
        return [add("Gather", part, i) for i in range(self._regions)]

    def _inside(self, x: str, scale: int) -> str:
        """What statistics count: without the margins of several patches."""
        add = self._add
        shape = add("Shape", x)
        several = add("Min", add("Sub", add("Gather", shape, [0]), 1), 1)
        cut = add("Mul", several, [MARGIN // scale] * 2)
        ends = add("Sub", add("Gather", shape, [2, 3]), cut)
        return add("Slice", x, cut, ends, [2, 3])

    def _normalized(
        self, x: str, channels: int, scale: int
    ) -> Callable[[Any, Any], str]:
        """Normalizes; gives what scales and shifts the result."""
        add = self._add
        if self._statistics == "own":
            return functools.partial(
                add, "InstanceNormalization", x, epsilon=EPSILON
            )
        if self._statistics == "pooled":
            inside = self._inside(x, scale)
            mean = add("ReduceMean", inside, axes=[0, 2, 3], keepdims=1)
            x, inside = (add("Sub", each, mean) for each in (x, inside))
            square = add("Mul", inside, inside)
            variance = add("ReduceMean", square, axes=[0, 2, 3], keepdims=1)
            rows = [add("Reshape", v, [1, channels]) for v in (mean, variance)]
            self._found.append(add("Concat", *rows, axis=0))
        else:
            ends = [self._channels, self._channels + channels]
            part = add("Slice", "statistics", ends[:1], ends[1:], [1])
            part = add("Reshape", part, [2, 1, channels, 1, 1])
            mean, variance = (add("Gather", part, row) for row in (0, 1))
            x = add("Sub", x, mean)
        deviation = add("Sqrt", add("Add", variance, EPSILON))

        def styled(gain: Any, shift: Any) -> str:
            gain, shift = (
                add("Reshape", each, [1, channels, 1, 1])
                for each in (gain, shift)
            )
            return add("Add", add("Mul", x, add("Div", gain, deviation)), shift)

        return styled

    def _convolved(self, x: str, name: str, strides: int = 1) -> str:
        add = self._add
        kernel = self._weights[f"{name}/kernel"]
        bias = self._weights[f"{name}/bias"]
        if name in ("up1", "up0"):
            x = add("Pad", x, [0, 0, 1, 1, 0, 0, 1, 1], mode="edge")
            kernel = subpixel_kernel(kernel, np).transpose(3, 2, 0, 1)
            x = add("Conv", x, kernel, np.tile(bias, 4))
            return add("DepthToSpace", x, blocksize=2)
        p = kernel.shape[0] // 2
        x = add("Pad", x, [0, 0, p, p, 0, 0, p, p], mode="reflect")
        kernel = kernel.transpose(3, 2, 0, 1)
        return add("Conv", x, kernel, bias, strides=[strides] * 2)
