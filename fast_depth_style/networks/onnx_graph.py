"""ONNX graphs, written operator by operator, and run by ONNX Runtime."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

_OPSET = 17
_LEAST_FLOAT16 = 256  # Numbers from which an array is stored in float16.


class OnnxGraph:
    """A graph that grows; values are known by their names."""

    def __init__(self) -> None:
        """Begins with nothing in it."""
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []

    def take(self, name: str, shape: Sequence[str | int]) -> str:
        """Adds an input, float32, with names for sizes that are open."""
        self._inputs.append(_float(name, shape))
        return name

    def add(self, operator: str, *inputs: Any, **attributes: Any) -> str:
        """Adds an operator; returns the name of its output.

        Inputs are names of outputs, or constants: int64 or float32.
        """
        names = []
        for value in inputs:
            if not isinstance(value, str):
                array = np.array(value, order="C")
                if array.dtype.kind == "f":
                    array = array.astype("float32")
                value = f"constant_{len(self._constants)}"
                self._constants.append(numpy_helper.from_array(array, value))
            names.append(value)
        output = f"{operator}_{len(self._nodes)}"
        node = helper.make_node(operator, names, [output], **attributes)
        self._nodes.append(node)
        return output

    def model(self, output: str, shape: Sequence[str | int]) -> onnx.ModelProto:
        """The graph, whose last operator gives the one `output`."""
        self._nodes[-1].output[:] = [output]
        graph = helper.make_graph(
            self._nodes,
            "fast_depth_style",
            self._inputs,
            [_float(output, shape)],
            self._constants,
        )
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset])
        model.ir_version = 8  # What runtimes of that opset read.
        return model


def store_as_float16(model: onnx.ModelProto) -> None:
    """Stores the large weights of a file as float16: half the download.

    What is computed stays float32: each becomes float32 again when the file
    is loaded.
    """
    graph = model.graph
    casts = []
    for constant in graph.initializer:
        array = numpy_helper.to_array(constant)
        if array.dtype != np.float32 or array.size < _LEAST_FLOAT16:
            continue
        name = constant.name
        stored = f"{name}_float16"
        constant.CopyFrom(
            numpy_helper.from_array(array.astype("float16"), stored)
        )
        casts.append(
            helper.make_node("Cast", [stored], [name], to=TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)


_LARGE = 3_000_000
"""Numbers in the input of a large run: a megapixel in three colours."""


def runner(
    model: bytes, threads: int | None = None
) -> Callable[..., np.ndarray]:
    """Loads a serialized model, on threads of the CPU, by default all.

    Returns:
        A function from float32 inputs, in their order, to the output. It may
        be called from several threads.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
    # Threads that wait sleep: others may need the processor.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]
    # Kept, memory makes the next run 8 % faster; of large ones it is given
    # back, since a picture in tiles has two sessions.
    giving_back = onnxruntime.RunOptions()
    giving_back.add_run_config_entry(
        "memory.enable_memory_arena_shrinkage", "cpu:0"
    )

    def run(*given: np.ndarray) -> np.ndarray:
        inputs = dict(zip(names, given, strict=True))
        large = given[0].size > _LARGE
        return session.run(None, inputs, giving_back if large else None)[0]

    return run


def _float(name: str, shape: Sequence[str | int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [*shape])
