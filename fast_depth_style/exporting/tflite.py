"""A network as a TFLite file for phones: written, and run.

| kind      | weights and arithmetic                | input and output    |
|-----------|---------------------------------------|---------------------|
| `float32` | float32                               | float32, 0..255     |
| `float16` | float16 weights, computed in float32  | float32, 0..255     |
| `int8`    | int8 convolutions, the rest float32   | float32, 0..255     |

All take and give (1, height, width, 3) RGB and hold only operators that are
built into the runtime.
"""

import os
import pathlib
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.tools import flatbuffer_utils

from fast_depth_style.exporting.saved_model import float32_copy
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
    calibration: Sequence[np.ndarray] = (),
) -> bytes:
    """Converts a network to the content of a TFLite file.

    Args:
        network: A built float32 network.
        kind: `float32`, `float16` or `int8`, see above.
        size: Height and width of all pictures; None for a file that takes any,
            which is slower and no GPU delegate takes. Not for `int8`.
        calibration: For `int8`, pictures of `size`, (height, width, 3) uint8;
            the range of every activation is what they show.
    """
    shape = (1, *(size or (None, None)), 3)
    network = float32_copy(network, kernels="tflite")

    def paint(image: Any) -> dict[str, Any]:
        painted = tf.clip_by_value(network(image), 0.0, 255.0)
        return {"stylized_image": tf.ensure_shape(painted, shape)}

    function = tf.function(
        paint,
        input_signature=[tf.TensorSpec(shape, "float32", name="image")],
        autograph=False,
    )
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


def _quantize(converter: Any, calibration: Sequence[np.ndarray]) -> bytes:
    def pictures() -> Iterator[list[np.ndarray]]:
        for picture in calibration:
            yield [picture[None].astype(np.float32)]

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


def read_tflite(
    path: str | os.PathLike[str], threads: int = 1
) -> Callable[[np.ndarray], np.ndarray]:
    """Loads a TFLite file into LiteRT, the runtime on phones.

    Returns:
        A function from (1, height, width, 3) float32 RGB in 0..255 to the same.
        Of another size than the file's it raises ValueError.
    """
    content = pathlib.Path(path).read_bytes()
    interpreter = Interpreter(model_content=content, num_threads=threads)
    (taken,) = interpreter.get_input_details()
    (given,) = interpreter.get_output_details()
    shape = None

    def run(image: np.ndarray) -> np.ndarray:
        nonlocal shape
        if image.shape != shape:
            if -1 in taken["shape_signature"]:
                interpreter.resize_tensor_input(taken["index"], image.shape)
            interpreter.allocate_tensors()
            shape = image.shape
        interpreter.set_tensor(taken["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(given["index"])

    return run
