"""Exports a network in several formats, each file verified."""

import base64
import dataclasses
import importlib.metadata
import os
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from fast_depth_style import files
from fast_depth_style.exporting.pictures import export_pictures, fit
from fast_depth_style.exporting.saved_model import (
    export_saved_model,
    float32_copy,
    install_model,
    utf8_name,
)
from fast_depth_style.exporting.settings import PACKAGES, ExportSettings
from fast_depth_style.exporting.signatures import ExportError, has_choice
from fast_depth_style.exporting.verification import (
    Example,
    Verification,
    table,
    verify,
    verify_saved_model,
)
from fast_depth_style.networks import DIALS, MINIMUM_SIDE
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)

REPORT = "export_report.json"
"""Name of the file of all figures."""

STYLES = "styles.json"
"""Name of the file of style vectors, for TFLite and ONNX."""

_Size = tuple[int, int]


def export(
    network: ImageTransformationNetwork,
    output: str | os.PathLike[str],
    settings: ExportSettings | None = None,
    *,
    card: dict[str, Any] | None = None,
    show: Callable[[str], None] = print,
) -> list[pathlib.Path]:
    """Exports a built network in the formats of the settings.

    A file is loaded in its target runtime and compared with the network on
    pictures before it is kept. The figures go to `export_report.json`.

    Args:
        network: A built network.
        output: A new or empty folder, or one of an earlier export: the
            SavedModel becomes `1/` in it, the others `tflite/KIND_SIZE.tflite`
            and `onnx/float32.onnx`.
        settings: What to write; by default a SavedModel.
        card: What the model's card says, see `card.write_card`.
        show: Told of every file before it is made, and all figures at the end.

    Returns:
        What was written: the SavedModel's folder, and files.

    Raises:
        RequestError: The photos or the output cannot be used; nothing has
            been written.
        ExportError: Some files differ from the network: they were not kept,
            what was there before is, and the other files were written.
    """
    settings = settings or ExportSettings()
    output = check_output(output, settings)
    network = float32_copy(network)
    source, pictures = export_pictures(settings.photos)
    sizes = settings.resolved_sizes()
    # And one that is no multiple of anything.
    height, width = sizes[0]
    odd = (max(MINIMUM_SIDE, height - 29), width + 14)
    examples = {
        size: _examples(network, pictures, size) for size in (*sizes, odd)
    }
    files.mark_own_folder(output, "model")
    found: list[Verification] = []
    written = []
    for format, name, size in _files(settings):
        show(f"exporting {name}")
        path = output / name
        if format == "saved_model":
            made = _export_saved_model(network, output, card or {}, examples)
        else:
            data, run = _convert(format, size, network)
            made = [
                verify(format, path.name, data, run, examples[each])
                for each in ([size] if size else examples)
            ]
            if not any(each.failure for each in made):
                path.parent.mkdir(exist_ok=True)
                files.write_bytes(path, data)
        found += made
        if not any(each.failure for each in made):
            written.append(path)
    if has_choice(network) and {*settings.formats} != {"saved_model"}:
        files.write_json(output / STYLES, style_list(network))
        written.append(output / STYLES)
    failures = [each.failure for each in found if each.failure]
    packages = ["fast-depth-style", "tensorflow"]
    for start in sorted({f.partition("_")[0] for f in settings.formats}):
        packages += PACKAGES.get(start, ())
    report = {
        "pictures": source,
        "threads": 1,
        "versions": {p: importlib.metadata.version(p) for p in packages},
        "formats": {
            format: [dataclasses.asdict(f) for f in found if f.format == format]
            for format in dict.fromkeys(settings.formats)
        },
        "not_kept": failures,
    }
    files.write_json(output / REPORT, report)
    show(table(found))
    if failures:
        raise ExportError("not kept: " + "; ".join(failures))
    return written


def check_output(
    output: str | os.PathLike[str], settings: ExportSettings
) -> pathlib.Path:
    """The folder to write to; RequestError unless it is ours and writable."""
    output = files.resolve(output, "output")
    files.require_own_folder(output, "output", "model", ("card.json",))
    for _, name, _ in _files(settings):
        files.require_writable(output / name, "output")
    return output


def _files(settings: ExportSettings) -> Iterator[tuple[str, str, _Size | None]]:
    """Format, name below the output and size (None: any) of every file."""
    for format in dict.fromkeys(settings.formats):
        kind = format.removeprefix("tflite_")
        if format == "saved_model":
            yield format, "1", None
        elif format == "onnx":
            yield format, "onnx/float32.onnx", None
        else:
            for height, width in settings.resolved_sizes():
                size = width if width == height else f"{width}x{height}"
                yield format, f"tflite/{kind}_{size}.tflite", (height, width)
            if kind == "float16":
                yield format, "tflite/float16_dynamic.tflite", None


def style_list(network: ImageTransformationNetwork) -> dict[str, Any]:
    """What an app needs to make style vectors: names, dials and the table.

    The vector of a picture is the sum over styles s of w_s (t[s][0] + depth
    t[s][1] + stroke t[s][2]), the table t[s][row] little-endian float32.
    """
    table = np.asarray(network.table).astype("<f4")
    return {
        "styles": [*network.styles],
        "dials": [*DIALS] if network.dials else [],
        "shape": [*table.shape],
        "table_base64": base64.b64encode(table.tobytes()).decode(),
    }


def _examples(
    network: ImageTransformationNetwork, pictures: list[np.ndarray], size: _Size
) -> list[Example]:
    """Pictures of a size, each of another style and other dials."""
    found = []
    for number, picture in enumerate(pictures):
        image = fit(picture, size)[None].astype(np.float32)
        asked, vector = _asked(network, number)
        made = np.asarray(network(image, *(each[None] for each in vector)))
        found.append(Example(image, asked, vector, made.clip(0.0, 255.0)))
    return found


def _asked(
    network: ImageTransformationNetwork, number: int
) -> tuple[dict[str, np.ndarray], tuple[np.ndarray, ...]]:
    """Random style and dials of a picture, and their vector."""
    if not has_choice(network):
        return {}, ()
    random = np.random.default_rng(number)
    # Every other one a style as it is, the others blends.
    style = np.eye(len(network.styles))[number % len(network.styles)]
    if number % 2:
        style = random.dirichlet(np.ones(len(network.styles)))
    style = style[None].astype("float32")
    dials = random.random((1, len(DIALS))).astype("float32")
    asked = {name: dials[:, i] for i, name in enumerate(DIALS)}
    vector = np.asarray(network.vectors(style, dials))[0]
    return {"style": style, **asked}, (vector,)


def _export_saved_model(
    network: ImageTransformationNetwork,
    output: pathlib.Path,
    card: dict[str, Any],
    examples: Mapping[_Size, list[Example]],
) -> list[Verification]:
    """Writes a SavedModel aside and installs it if it passes."""
    with (
        files.temporary_folder(output, ".export-") as folder,
        utf8_name(folder) as aside,
    ):
        path = export_saved_model(network, aside / "model", card)
        made = verify_saved_model(path, [*examples.values()])
        if not any(each.failure for each in made):
            install_model(output, aside / "model")
    return made


def _convert(
    format: str,
    size: _Size | None,
    network: ImageTransformationNetwork,
) -> tuple[bytes, Callable[..., np.ndarray]]:
    """Content of one file, and what runs it; imports what an extra brings."""
    if format == "onnx":
        import onnx

        from fast_depth_style.networks.onnx_graph import runner
        from fast_depth_style.networks.onnx_network import network_graph

        model = network_graph(
            network.named_weights(), network.blocks, has_choice(network)
        )
        onnx.checker.check_model(model)
        data = model.SerializeToString()
        return data, runner(data, threads=1)

    from fast_depth_style.exporting.tflite import convert_tflite, read_tflite

    kind = format.removeprefix("tflite_")
    data = convert_tflite(network, kind, size)
    return data, read_tflite(data)
