"""Writes the page as a folder of static files, with a network."""

import base64
import io
import os
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from fast_depth_style import files
from fast_depth_style.exporting.export import style_list
from fast_depth_style.exporting.pictures import soft_shapes
from fast_depth_style.exporting.signatures import has_choice
from fast_depth_style.exporting.style_file import weights_digest
from fast_depth_style.networks import DIALS
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.networks.onnx_graph import runner, store_as_float16
from fast_depth_style.networks.onnx_network import network_graph
from fast_depth_style.perception import COMPACT_DEPTH
from fast_depth_style.perception.onnx_compact_depth import depth_graph
from fast_depth_style.perception.shipped_weights import read_shipped_weights
from fast_depth_style.web.libraries import ENGINES, find_libraries
from fast_depth_style.web.server import POLICY

_PAGE = pathlib.Path(__file__).parent / "page"
_CHECK_SIZE = (48, 64)
_THUMBNAIL_SIZE = (96, 128)


def write_site(
    network: ImageTransformationNetwork,
    output: str | os.PathLike[str],
    libraries: str | os.PathLike[str] | None = None,
    camera: ImageTransformationNetwork | None = None,
) -> pathlib.Path:
    """Writes the page of a network, to be opened from any static server.

    Args:
        network: A built float32 network.
        output: A new or empty folder, or one of an earlier page; returned.
        libraries: As for `find_libraries`.
        camera: A faster network with the same styles and dials, for the camera;
            by default it has the page's.

    Raises:
        RequestError: The output cannot be used, or a library is missing;
            nothing has been written.
    """
    output = check_output(output)
    engines = find_libraries(libraries)
    files.mark_own_folder(output, "page")
    for folder in ("network", "libraries"):
        (output / folder).mkdir(exist_ok=True)
    sizes = {}

    def write(name: str, data: bytes) -> None:
        files.write_bytes(output / name, data)
        sizes[name] = len(data)

    for paths in engines.values():
        for path in paths:
            write(f"libraries/{path.name}", path.read_bytes())
    model, paint = _model(network)
    write("network/network.onnx", model)
    camera_about = None
    if camera is not None:
        small, paint_small = _model(camera)
        write("network/camera.onnx", small)
        camera_about = _styles(camera) | {"check": _check(paint_small)}
    depth = depth_graph(read_shipped_weights(COMPACT_DEPTH))
    store_as_float16(depth)
    write("network/depth.onnx", depth.SerializeToString())
    shapes = soft_shapes(_THUMBNAIL_SIZE, seed=7)
    # Style files that are dropped on the page paint it there.
    _write_jpeg(output / "network/thumbnail.jpg", shapes)
    thumbnails = []
    for number in range(len(network.styles)):
        thumbnails.append(f"thumbnail_{number}.jpg")
        painted = paint(shapes, number)
        _write_jpeg(output / "network" / thumbnails[-1], painted)
    about = {
        **_styles(network),
        "digest": weights_digest(network.named_weights()),
        "engines": {name: ENGINES[name][-1] for name in engines},
        "bytes": sizes,
        "thumbnails": thumbnails,
        "check": _check(paint),
        "camera": camera_about,
    }
    files.write_json(output / "network/network.json", about)
    for path in sorted(_PAGE.iterdir()):
        text = path.read_text(encoding="utf-8").replace("POLICY", POLICY)
        files.write_text(output / path.name, text)
    return output


def _write_jpeg(path: pathlib.Path, picture: np.ndarray) -> None:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=85)
    files.write_bytes(path, data.getvalue())


def check_output(output: str | os.PathLike[str]) -> pathlib.Path:
    """The folder to write to; RequestError unless it is ours and writable."""
    output = files.resolve(output, "output")
    files.require_own_folder(output, "output", "page")
    files.require_writable(output / "index.html", "output")
    return output


def _styles(network: ImageTransformationNetwork) -> dict[str, Any]:
    if has_choice(network):
        return style_list(network)
    return {"styles": [*network.styles], "dials": []}


def _model(network: ImageTransformationNetwork) -> tuple[bytes, Any]:
    """The ONNX file with float16 weights, and a function that paints with it.

    It takes a (height, width, 3) uint8 picture and the number of a style, whose
    dials are at 0.5, and gives the painting, uint8.
    """
    model = network_graph(
        network.named_weights(), network.blocks, has_choice(network)
    )
    store_as_float16(model)
    data = model.SerializeToString()
    run = runner(data, threads=1)

    def paint(picture: np.ndarray, number: int) -> np.ndarray:
        inputs = [picture[None].astype("float32")]
        if has_choice(network):
            weights = np.eye(len(network.styles), dtype="float32")[[number]]
            dials = np.full((1, len(DIALS)), 0.5, "float32")
            inputs.append(np.asarray(network.vectors(weights, dials))[0])
        return np.rint(run(*inputs)[0]).astype("uint8")

    return data, paint


def _check(paint: Callable[..., np.ndarray]) -> dict[str, Any]:
    """A picture and its painting, which the page compares with its own."""
    picture = soft_shapes(_CHECK_SIZE)
    height, width = _CHECK_SIZE
    return {
        "width": width,
        "height": height,
        "picture": _rgba(picture),
        "painting": _rgba(paint(picture, 0)),
    }


def _rgba(picture: np.ndarray) -> str:
    """Base64 of a uint8 RGB picture's pixels, made opaque."""
    opaque = np.full((*picture.shape[:2], 1), 255, "uint8")
    data = np.concatenate([picture, opaque], axis=-1)
    return base64.b64encode(data.tobytes()).decode()
