"""A network as a TFLite file for phones: written, and run.

| kind      | weights and arithmetic                | input and output    |
|-----------|---------------------------------------|---------------------|
| `float32` | float32                               | float32, 0..255     |
| `float16` | float16 weights, computed in float32  | float32, 0..255     |
| `int8`    | int8 weights and convolutions (below) | float32, 0..255     |

All take and give (1, height, width, 3) RGB and hold only operators that are
built into the runtime. One of a network that `has_choice` also takes `vector`,
a style vector.

In an `int8` file each picture sets the ranges of its own activations (dynamic
range quantization): ranges fixed beforehand would have to hold all styles, and
leave 21 to 25 dB. Normalization and sums are float32, and so are the first
three convolutions: what follows normalizes their errors up.
"""

import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

from fast_depth_style.exporting.saved_model import float32_copy
from fast_depth_style.exporting.signatures import has_choice
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)

_FLOAT_CONVOLUTIONS = 3
"""How many of the first convolutions of an int8 file are float32."""


def convert_tflite(
    network: ImageTransformationNetwork,
    kind: str,
    size: tuple[int, int] | None,
) -> bytes:
    """Converts a network to the content of a TFLite file.

    Args:
        network: A built float32 network.
        kind: `float32`, `float16` or `int8`, see above.
        size: Height and width of all pictures; None for a file that takes any,
            which is slower and no GPU delegate takes.
    """
    shape = (1, *(size or (None, None)), 3)
    network = float32_copy(network, kernels="tflite")

    def paint(image: Any, *vector: Any) -> dict[str, Any]:
        painted = network(image, *(each[None] for each in vector))
        painted = tf.clip_by_value(painted, 0.0, 255.0)
        return {"stylized_image": tf.ensure_shape(painted, shape)}

    inputs = [tf.TensorSpec(shape, "float32", name="image")]
    if has_choice(network):
        inputs.append(tf.TensorSpec(network.vector_size, "float32", "vector"))
    function = tf.function(paint, input_signature=inputs, autograph=False)
    root = tf.Module()
    root.weights = [variable.value for variable in network.variables]
    # Converted from a function in memory, the file of a Keras 3 model holds no
    # weights, and nothing says so.
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(
            root,
            folder,
            signatures={"serving_default": function.get_concrete_function()},
        )
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if kind != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if kind == "float16":
            converter.target_spec.supported_types = [tf.float16]
        model = flatbuffer_utils.read_model_from_bytearray(
            bytearray(converter.convert())
        )
    if kind == "int8":
        _compute_first_in_float(model)
    _drop_names(model)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _compute_first_in_float(model: Any) -> None:
    """Has the kernels of the first convolutions dequantized before use."""
    code = schema.OperatorCodeT()
    code.builtinCode = schema.BuiltinOperator.DEQUANTIZE
    code.deprecatedBuiltinCode = code.builtinCode
    code.version = 2  # Of kernels with a scale for each channel.
    (graph,) = model.subgraphs
    convolutions = [
        operator
        for operator in graph.operators
        if model.operatorCodes[operator.opcodeIndex].builtinCode
        == schema.BuiltinOperator.CONV_2D
    ]
    model.operatorCodes.append(code)
    for convolution in convolutions[:_FLOAT_CONVOLUTIONS]:
        kernel = convolution.inputs[1]
        if graph.tensors[kernel].type != schema.TensorType.INT8:
            continue  # Too small to be quantized.
        converted = schema.TensorT()
        converted.shape = graph.tensors[kernel].shape
        converted.type = schema.TensorType.FLOAT32
        graph.tensors.append(converted)
        dequantize = schema.OperatorT()
        dequantize.opcodeIndex = len(model.operatorCodes) - 1
        dequantize.inputs = [kernel]
        dequantize.outputs = [len(graph.tensors) - 1]
        place = graph.operators.index(convolution)
        graph.operators.insert(place, dequantize)
        convolution.inputs[1] = dequantize.outputs[0]


def _drop_names(model: Any) -> None:
    """Drops the names of inner tensors, a twelfth of the smallest file."""
    for graph in model.subgraphs:
        named = {*graph.inputs, *graph.outputs}
        for i, tensor in enumerate(graph.tensors):
            if i not in named:
                tensor.name = None


def read_tflite(content: bytes, threads: int = 1) -> Callable[..., np.ndarray]:
    """Loads a TFLite file's content into LiteRT, the runtime on phones.

    Returns:
        A function from (1, height, width, 3) float32 RGB in 0..255, and a style
        vector where the file takes one, to the painted picture. Of another size
        than the file's it raises ValueError.
    """
    interpreter = Interpreter(model_content=content, num_threads=threads)
    details = {
        each["name"].partition(":")[0].rpartition("_")[2]: each
        for each in interpreter.get_input_details()
    }
    taken = details["image"]
    (given,) = interpreter.get_output_details()
    shape = None

    def run(image: np.ndarray, *vector: np.ndarray) -> np.ndarray:
        nonlocal shape
        if image.shape != shape:
            if -1 in taken["shape_signature"]:
                interpreter.resize_tensor_input(taken["index"], image.shape)
            interpreter.allocate_tensors()
            shape = image.shape
        interpreter.set_tensor(taken["index"], image)
        for each in vector:
            interpreter.set_tensor(details["vector"]["index"], each)
        interpreter.invoke()
        return interpreter.get_tensor(given["index"])

    return run
