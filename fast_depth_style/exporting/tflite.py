"""A network as a TFLite file for phones: written, and run.

| kind      | weights and arithmetic                | input and output    |
|-----------|---------------------------------------|---------------------|
| `float32` | float32                               | float32, 0..255     |
| `float16` | float16 weights, computed in float32  | float32, 0..255     |
| `int8`    | int8 convolutions, the rest float32   | float32, 0..255     |

All take and give (1, height, width, 3) RGB and hold only operators that are
built into the runtime. One of a network that `has_choice` also takes `vector`,
a style vector.
"""

import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.tools import flatbuffer_utils

from fast_depth_style.exporting.saved_model import float32_copy
from fast_depth_style.exporting.signatures import has_choice
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)

# These stay float32 in an int8 file: instance normalization and the sums of the
# residual blocks lose too much to steps of a 256th of the range.
_FLOAT_OPERATORS = "ADD MEAN MUL RSQRT SQUARED_DIFFERENCE SUB".split()


def convert_tflite(
    network: ImageTransformationNetwork,
    kind: str,
    size: tuple[int, int] | None,
    calibration: Sequence[tuple[np.ndarray, ...]] = (),
) -> bytes:
    """Converts a network to the content of a TFLite file.

    Args:
        network: A built float32 network.
        kind: `float32`, `float16` or `int8`, see above.
        size: Height and width of all pictures; None for a file that takes any,
            which is slower and no GPU delegate takes. Not for `int8`.
        calibration: For `int8`, pictures of `size`, (1, height, width, 3)
            float32, each with its style vector where the file takes one; the
            range of every activation is what they show.
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
        if kind == "int8":
            return _without_names(_quantize(converter, calibration))
        if kind == "float16":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        return _without_names(converter.convert())


def _quantize(
    converter: Any, calibration: Sequence[tuple[np.ndarray, ...]]
) -> bytes:
    def pictures() -> Iterator[dict[str, np.ndarray]]:
        for inputs in calibration:
            yield dict(zip(("image", "vector"), inputs, strict=False))

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = pictures
    # The only public way to leave chosen operators as they are.
    debug = tf.lite.experimental
    options = debug.QuantizationDebugOptions(denylisted_ops=_FLOAT_OPERATORS)
    with warnings.catch_warnings():
        # TensorFlow's own debugger uses an interpreter that it deprecates.
        warnings.simplefilter("ignore")
        return debug.QuantizationDebugger(
            converter=converter, debug_dataset=pictures, debug_options=options
        ).get_nondebug_quantized_model()


def _without_names(content: bytes) -> bytes:
    """Drops the names of inner tensors, a twelfth of the smallest file."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    for graph in model.subgraphs:
        named = {*graph.inputs, *graph.outputs}
        for i, tensor in enumerate(graph.tensors):
            if i not in named:
                tensor.name = None
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


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
