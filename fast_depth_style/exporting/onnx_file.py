"""A network as an ONNX file: written operator by operator, and run.

`keras.Model.export(format="onnx")` was tried: it needs tf2onnx, writes 424
nodes for these 78, some of which GPUs lack, and never the same file twice.
"""

import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from fast_depth_style.exporting.signatures import has_choice
from fast_depth_style.networks.image_transformation import (
    MARGIN,
    ImageTransformationNetwork,
)
from fast_depth_style.networks.layers import (
    EPSILON,
    ReflectionConv2D,
    UpsamplingConv2D,
)

_OPSET = 17


def write_onnx(
    network: ImageTransformationNetwork, path: str | os.PathLike[str]
) -> None:
    """Writes a built float32 network as an ONNX file.

    Its input `image` and its output `stylized_image` are (batch, height, width,
    3) float32 RGB in 0..255, of any size from 16 pixels up; the output is
    clipped to that range. One that `has_choice` has another input, `vector`,
    the style vector of all pictures.
    """
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def add(operator: str, *inputs: Any, **attributes: Any) -> str:
        """Adds a node; returns the name of its output.

        Inputs are names of outputs, or constants: int64 or float32.
        """
        names = []
        for value in inputs:
            if not isinstance(value, str):
                array = np.array(value, order="C")
                if array.dtype.kind == "f":
                    array = array.astype("float32")
                value = f"constant_{len(constants)}"
                constants.append(numpy_helper.from_array(array, value))
            names.append(value)
        output = f"{operator}_{len(nodes)}"
        nodes.append(helper.make_node(operator, names, [output], **attributes))
        return output

    x = "image"
    for axis in (1, 2):  # As `_extended` does.
        size = add("Gather", add("Shape", "image"), axis)
        # Of a negative number, Mod has the divisor's sign.
        missing = add("Mod", add("Neg", size), 4)
        end = add("Add", add("Add", size, missing), MARGIN)
        period = add("Mul", add("Sub", size, 1), 2)
        lines = add("Mod", add("Range", -MARGIN, end, 1), period)
        lines = add("Min", lines, add("Sub", period, lines))
        x = add("Gather", x, lines, axis=axis)
    x = add("Transpose", x, perm=[0, 3, 1, 2])
    x = add("Sub", add("Div", x, 127.5), 1.0)
    start, choice = 0, has_choice(network)
    plain = np.asarray(network.table)[0, 0]

    def part(channels: int) -> Any:
        nonlocal start
        ends = [start, start + channels]
        start = ends[1]
        if choice:
            return add("Slice", "vector", ends[:1], ends[1:])
        return plain[slice(*ends)]

    layers = iter(network.convs)

    def layer(x: str) -> str:
        conv = next(layers)
        x = _convolve(add, x, conv)
        scale, shift = part(conv.filters), part(conv.filters)
        return add("InstanceNormalization", x, scale, shift, epsilon=EPSILON)

    for _ in range(3):
        x = add("Relu", layer(x))
    for _ in range(network.blocks):
        x = add("Add", x, layer(add("Relu", layer(x))))
    for _ in range(2):
        x = add("Relu", layer(x))
    x = add("Mul", _convolve(add, x, network.paint), 50.0)
    x = add("Add", x, 127.5)
    size = add("Gather", add("Shape", "image"), [1, 2])
    ends = add("Add", size, [MARGIN, MARGIN])
    x = add("Slice", x, [MARGIN, MARGIN], ends, [2, 3])
    x = add("Clip", x, 0.0, 255.0)
    add("Transpose", x, perm=[0, 2, 3, 1])
    nodes[-1].output[:] = ["stylized_image"]
    given, made = (
        helper.make_tensor_value_info(
            name, TensorProto.FLOAT, ["batch", "height", "width", 3]
        )
        for name in ("image", "stylized_image")
    )
    inputs = [given]
    if choice:
        inputs.append(
            helper.make_tensor_value_info(
                "vector", TensorProto.FLOAT, [network.vector_size]
            )
        )
    graph = helper.make_graph(
        nodes, "fast_depth_style", inputs, [made], constants
    )
    opset = helper.make_opsetid("", _OPSET)
    model = helper.make_model(graph, opset_imports=[opset])
    model.ir_version = 8  # What runtimes of that opset read.
    onnx.checker.check_model(model)
    pathlib.Path(path).write_bytes(model.SerializeToString())


def _convolve(add: Callable[..., str], x: str, conv: ReflectionConv2D) -> str:
    if isinstance(conv, UpsamplingConv2D):
        x = add("Pad", x, [0, 0, 1, 1, 0, 0, 1, 1], mode="edge")
        kernel = np.asarray(conv.subpixel_kernel()).transpose(3, 2, 0, 1)
        bias = np.tile(np.asarray(conv.bias), 4)
        return add("DepthToSpace", add("Conv", x, kernel, bias), blocksize=2)
    p = conv.kernel_size // 2
    x = add("Pad", x, [0, 0, p, p, 0, 0, p, p], mode="reflect")
    kernel = np.asarray(conv.kernel).transpose(3, 2, 0, 1)
    strides = [conv.strides] * 2
    return add("Conv", x, kernel, np.asarray(conv.bias), strides=strides)


def read_onnx(
    path: str | os.PathLike[str], threads: int = 1
) -> Callable[..., np.ndarray]:
    """Loads an ONNX file into ONNX Runtime, on threads of the CPU.

    Returns:
        A function from (batch, height, width, 3) float32 RGB in 0..255, and a
        style vector where the file takes one, to painted pictures.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        pathlib.Path(path).read_bytes(),
        options,
        providers=["CPUExecutionProvider"],
    )
    names = [each.name for each in session.get_inputs()]

    def run(*given: np.ndarray) -> np.ndarray:
        return session.run(None, dict(zip(names, given, strict=True)))[0]

    return run
