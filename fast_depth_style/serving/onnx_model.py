"""A network as an ONNX file, written operator by operator, and run.

The network is a dozen kinds of operators, each of which ONNX has, instance
normalization included; a general converter would only add its own way round.
"""

import pathlib
from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from fast_depth_style.networks.convolutions import UpsamplingConv2D
from fast_depth_style.networks.instance_norm import EPSILON
from fast_depth_style.networks.transformer import Transformer

_OPSET = 17


def write_onnx(network: Transformer, path: str | pathlib.Path) -> None:
    """Writes a network as an ONNX file.

    Its input `image` and its output `stylized_image` are (batch, height, width,
    3) float32 RGB in 0..255, of any size from 16 pixels up; the output is
    clipped to that range.

    Args:
        network: A built network.
        path: The file.
    """
    graph = _Graph()
    pads, ends = _sizes(graph)
    x = graph.add("Transpose", ["image"], perm=[0, 3, 1, 2])
    x = graph.add("Pad", [x, pads], mode="reflect")
    x = graph.add("Div", [x, graph.constant(np.float32(127.5))])
    x = graph.add("Sub", [x, graph.constant(np.float32(1.0))])

    layers = iter(zip(network.convs, network.norms, strict=True))

    def layer(x):
        conv, norm = next(layers)
        x = _convolve(graph, x, conv)
        weights = (graph.constant(_array(w)) for w in (norm.scale, norm.shift))
        return graph.add(
            "InstanceNormalization", [x, *weights], epsilon=EPSILON
        )

    for _ in range(3):
        x = graph.add("Relu", [layer(x)])
    for _ in range(network.blocks):
        inner = graph.add("Relu", [layer(x)])
        x = graph.add("Add", [x, layer(inner)])
    for _ in range(2):
        x = graph.add("Relu", [layer(x)])
    x = _convolve(graph, x, network.paint)
    x = graph.add("Mul", [x, graph.constant(np.float32(50.0))])
    x = graph.add("Add", [x, graph.constant(np.float32(127.5))])
    x = graph.add(
        "Slice",
        [x, graph.constant(np.int64([0, 0])), ends]
        + [graph.constant(np.int64([2, 3]))],
    )
    limits = (graph.constant(np.float32(v)) for v in (0.0, 255.0))
    x = graph.add("Clip", [x, *limits])
    graph.add("Transpose", [x], output="stylized_image", perm=[0, 2, 3, 1])
    onnx.save(graph.model(), str(path))


def read_onnx(
    path: str | pathlib.Path, threads: int = 1
) -> Callable[[np.ndarray], np.ndarray]:
    """Loads an ONNX file into ONNX Runtime, on the CPU.

    Args:
        path: The file.
        threads: Of the CPU.

    Returns:
        A function from (batch, height, width, 3) float32 RGB in 0..255 to the
        same.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    return lambda image: session.run(None, {"image": image})[0]


class _Graph:
    """Collects nodes and constants."""

    def __init__(self):
        self._nodes, self._constants = [], []

    def add(self, operator, inputs, output=None, **attributes):
        """Adds a node; returns the name of its output."""
        output = output or f"{operator}_{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(operator, inputs, [output], **attributes)
        )
        return output

    def constant(self, value):
        """Adds a constant; returns its name."""
        name = f"constant_{len(self._constants)}"
        array = np.ascontiguousarray(value).reshape(np.shape(value))
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def model(self):
        """Returns the model, checked."""
        pictures = [
            helper.make_tensor_value_info(
                name, TensorProto.FLOAT, ["batch", "height", "width", 3]
            )
            for name in ("image", "stylized_image")
        ]
        graph = helper.make_graph(
            self._nodes,
            "fast_depth_style",
            pictures[:1],
            pictures[1:],
            self._constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)]
        )
        # What runtimes of that opset read.
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


def _sizes(graph):
    """Pads up to a multiple of 4, and the height and width to cut back to."""
    shape = graph.add("Shape", ["image"])
    places = graph.constant(np.int64([1, 2]))
    ends = graph.add("Gather", [shape, places])
    # Of a negative number, Mod has the sign of the divisor.
    missing = graph.add("Neg", [ends])
    missing = graph.add("Mod", [missing, graph.constant(np.int64([4]))])
    none = graph.constant(np.int64([0] * 6))
    return graph.add("Concat", [none, missing], axis=0), ends


def _convolve(graph, x, conv):
    if isinstance(conv, UpsamplingConv2D):
        scales = graph.constant(np.float32([1, 1, 2, 2]))
        x = graph.add(
            "Resize",
            [x, "", scales],
            mode="nearest",
            nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )
    p = conv.kernel_size // 2
    pads = graph.constant(np.int64([0, 0, p, p, 0, 0, p, p]))
    x = graph.add("Pad", [x, pads], mode="reflect")
    kernel = graph.constant(_array(conv.kernel).transpose(3, 2, 0, 1))
    bias = graph.constant(_array(conv.bias))
    return graph.add("Conv", [x, kernel, bias], strides=[conv.strides] * 2)


def _array(weight):
    return np.asarray(weight, np.float32)
