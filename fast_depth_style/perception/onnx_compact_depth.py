"""The compact depth network in ONNX Runtime, without Keras and TensorFlow.

It computes the map of `compact_depth.CompactDepth`, and takes a hundredth of
the time to start.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx

from fast_depth_style.networks.onnx_graph import OnnxGraph, runner
from fast_depth_style.perception import COMPACT_DEPTH, COMPACT_DEPTH_SIZE
from fast_depth_style.perception.shipped_weights import read_shipped_weights


def nearness(rgb: np.ndarray) -> np.ndarray:
    """Relative inverse depth of (height, width, 3) uint8: (80, 80) float32.

    Larger where nearer, up to scale and shift.
    """
    return _network()(rgb[None].astype("float32"))[0, 0]


@functools.cache
def _network() -> Callable[..., np.ndarray]:
    model = depth_graph(read_shipped_weights(COMPACT_DEPTH))
    return runner(model.SerializeToString())


def depth_graph(weights: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """Writes the network with weights named as its layers.

    Its input `image` is (batch, height, width, 3) float32 RGB in 0..255, its
    output `inverse_depth` (batch, 1, 80, 80).
    """
    graph = OnnxGraph()
    add = graph.add

    def conv(x: str, name: str, strides: int = 1) -> str:
        kernel, bias = (weights[f"{name}/{k}"] for k in ("kernel", "bias"))
        kernel = kernel.transpose(3, 2, 0, 1)
        options: Any = {"strides": [strides] * 2, "auto_pad": "SAME_UPPER"}
        return add("Conv", x, kernel, bias, **options)

    x = graph.take("image", ("batch", "height", "width", 3))
    x = add("Transpose", x, perm=[0, 3, 1, 2])
    side = COMPACT_DEPTH_SIZE
    size = add("Slice", add("Shape", x), [0], [2])
    size = add("Concat", size, [2 * side] * 2, axis=0)
    x = add("Resize", x, "", "", size, mode="linear")
    x = add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = add("Sub", add("Div", x, 64.0), 2.0)
    skips = []
    level = 0
    while f"down{level}/kernel" in weights:
        x = add("Relu", conv(x, f"down{level}", 2))
        block = 0
        while f"down{level}_block{block}_first/kernel" in weights:
            name = f"down{level}_block{block}"
            branch = add("Relu", conv(x, f"{name}_first"))
            x = add("Relu", add("Add", x, conv(branch, f"{name}_residual")))
            block += 1
        skips.append(x)
        level += 1
    for level in reversed(range(len(skips) - 1)):
        x = conv(x, f"up{level}_coarse")
        x = add(
            "Resize",
            x,
            "",
            [1.0, 1.0, 2.0, 2.0],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        skip = conv(skips[level], f"up{level}_skip")
        x = add("Relu", add("Add", x, skip))
    conv(add("Relu", conv(x, "head")), "inverse_depth")
    return graph.model("inverse_depth", ("batch", 1, side // 2, side // 2))
