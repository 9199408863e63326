"""A network as an ONNX file: written, and run."""

import os
import pathlib
from collections.abc import Callable

import numpy as np
import onnx

from fast_depth_style.exporting.signatures import has_choice
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.networks.onnx_graph import runner
from fast_depth_style.networks.onnx_network import network_graph


def write_onnx(
    network: ImageTransformationNetwork, path: str | os.PathLike[str]
) -> None:
    """Writes a built float32 network as an ONNX file.

    Its input `image` and its output `stylized_image` are (batch, height, width,
    3) float32 RGB in 0..255, of any size from 16 pixels up; the output is
    clipped to that range. One that `has_choice` has another input, `vector`,
    the style vector of all pictures.
    """
    model = network_graph(
        network.named_weights(), network.blocks, choice=has_choice(network)
    )
    onnx.checker.check_model(model)
    pathlib.Path(path).write_bytes(model.SerializeToString())


def read_onnx(
    path: str | os.PathLike[str], threads: int = 1
) -> Callable[..., np.ndarray]:
    """Loads an ONNX file into ONNX Runtime, on threads of the CPU.

    Returns:
        A function from (batch, height, width, 3) float32 RGB in 0..255, and a
        style vector where the file takes one, to painted pictures.
    """
    return runner(pathlib.Path(path).read_bytes(), threads)
