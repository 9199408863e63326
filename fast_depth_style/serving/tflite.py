"""A network as a TFLite file, for phones: converted, and run.

| kind      | weights and arithmetic                | input and output    |
|-----------|---------------------------------------|---------------------|
| `float32` | float32                               | float32, 0..255     |
| `float16` | float16 weights, computed in float32  | float32, 0..255     |
| `int8`    | int8 convolutions, the rest float32   | float32, 0..255     |

All take and give (1, height, width, 3) RGB and hold only operators that are
built into the runtime.
"""

import pathlib
import tempfile
import warnings
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.tools import flatbuffer_utils

from fast_depth_style.networks.convolutions import pad_by_slices
from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.serving.saved_model import float32_copy

Kind = Literal["float32", "float16", "int8"]

# What stays float32 in an int8 file. Instance normalization divides by a
# deviation that it measures itself, and residual blocks add up what they are
# given: neither survives steps of a 256th of the range. See docs/export.md.
_FLOAT_OPERATORS = (
    "ADD",
    "MEAN",
    "MUL",
    "RSQRT",
    "SQUARED_DIFFERENCE",
    "SUB",
)


def convert_tflite(
    network: Transformer,
    kind: Kind,
    size: tuple[int, int] | None,
    calibration: Sequence[np.ndarray] = (),
) -> bytes:
    """Converts a network to a TFLite file.

    Args:
        network: A built float32 network.
        kind: See above.
        size: Height and width of all pictures; None for a file that takes any,
            which is slower and no GPU delegate takes. Not for `int8`.
        calibration: For `int8`, pictures of `size`, (height, width, 3) uint8;
            the range of every activation is what they show.

    Returns:
        The content of the file.

    Raises:
        ValueError: `int8` without a size or without pictures.
    """
    if kind == "int8" and not (size and len(calibration)):
        raise ValueError("int8 needs a size and pictures to calibrate on")
    shape = (1, *(size or (None, None)), 3)
    network = float32_copy(network)
    for conv in (*network.convs, network.paint):
        conv.pad = pad_by_slices

    def paint(image):
        painted = tf.clip_by_value(network(image), 0.0, 255.0)
        return {"stylized_image": tf.ensure_shape(painted, shape)}

    function = tf.function(
        paint,
        input_signature=[tf.TensorSpec(shape, "float32", name="image")],
        autograph=False,
    )
    root = tf.Module()
    root.weights = [variable.value for variable in network.variables]
    # Through a SavedModel: converted from a function in memory, the file of a
    # Keras 3 model holds no weights, and nothing says so.
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


def _quantize(converter, calibration):
    def pictures():
        for picture in calibration:
            yield [picture[None].astype(np.float32)]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = pictures
    # The only public way to leave chosen operators as they are.
    debug = tf.lite.experimental
    options = debug.QuantizationDebugOptions(denylisted_ops=[*_FLOAT_OPERATORS])
    with warnings.catch_warnings():
        # That TensorFlow's own debugger uses an interpreter which it is to
        # give up is no news for who exports.
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
    path: str | pathlib.Path, threads: int = 1
) -> Callable[[np.ndarray], np.ndarray]:
    """Loads a TFLite file into the runtime that phones have.

    Args:
        path: The file.
        threads: Of the CPU.

    Returns:
        A function from (1, height, width, 3) float32 RGB in 0..255 to the same.
        Of another size than the file's it raises ValueError.
    """
    interpreter = Interpreter(model_path=str(path), num_threads=threads)
    (taken,) = interpreter.get_input_details()
    (given,) = interpreter.get_output_details()
    shape = None

    def run(image):
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
