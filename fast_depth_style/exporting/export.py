"""Exports a network in several formats, each file verified."""

import dataclasses
import importlib.metadata
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fast_depth_style import files
from fast_depth_style.exporting.pictures import export_pictures, fit
from fast_depth_style.exporting.saved_model import (
    export_saved_model,
    float32_copy,
    install_model,
    read_card,
    read_network,
    utf8_name,
)
from fast_depth_style.exporting.settings import PACKAGES, ExportSettings
from fast_depth_style.exporting.signatures import ExportError
from fast_depth_style.exporting.verification import (
    Verification,
    table,
    verify,
    verify_saved_model,
)
from fast_depth_style.networks import MINIMUM_SIDE
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)

REPORT = "export_report.json"
"""Name of the file of all figures."""

_Size = tuple[int, int]


def export(
    network_or_folder: ImageTransformationNetwork | str | os.PathLike[str],
    output: str | os.PathLike[str],
    settings: ExportSettings | None = None,
    *,
    card: dict[str, Any] | None = None,
    show: Callable[[str], None] = print,
) -> list[pathlib.Path]:
    """Exports a network, or the network of an exported model.

    A file is written aside, loaded with the runtime that its users have and
    compared with the network on real pictures; only then does it take its
    place. The figures go to `export_report.json`.

    Args:
        network_or_folder: A built network; or the folder of an exported model
            or of a finished training.
        output: A new or empty folder, or one of an earlier export: the
            SavedModel becomes `1/` in it, the others `tflite/KIND_SIZE.tflite`
            and `onnx/float32.onnx`.
        settings: What to write; by default a SavedModel and TFLite files.
        card: What the model's card says, see `card.write_card`; by default
            what the card of the model in the folder says.
        show: Told of every file before it is made, and all figures at the end.

    Returns:
        What was written: the SavedModel's folder, and files.

    Raises:
        RequestError: There is no such model, or the photos or the output
            cannot be used; nothing has been written.
        ExportError: Some files differ from the network: they were not kept,
            what was there before is, and the other files were written.
    """
    settings = settings or ExportSettings()
    output = check_output(output, settings)
    network = network_or_folder
    if not isinstance(network, ImageTransformationNetwork):
        card = read_card(network) if card is None else card
        network = read_network(network)
    network = float32_copy(network)
    pictures = export_pictures(settings.photos)
    sizes = settings.resolved_sizes()
    # And one that is no multiple of anything.
    height, width = sizes[0]
    odd = (max(MINIMUM_SIDE, height - 29), width + 14)
    examples = {
        size: _examples(network, pictures.verification, size)
        for size in (*sizes, odd)
    }
    files.mark_own_folder(output)
    found: list[Verification] = []
    written = []
    with (
        files.temporary_folder(output, ".export-") as folder,
        utf8_name(folder) as aside,
    ):
        for format, name, size in _plan(settings):
            show(f"exporting {name}")
            path = aside / name
            if format == "saved_model":
                # To `1/` in a folder of its own, as it comes with its card.
                path = export_saved_model(network, aside / "model", card or {})
                groups = zip(*examples.values(), strict=True)
                made = verify_saved_model(path, *groups)
            else:
                path.parent.mkdir(exist_ok=True)
                run = _write(format, path, size, network, pictures.calibration)
                made = [
                    verify(format, path, run, *examples[each])
                    for each in ([size] if size else examples)
                ]
            found += made
            if any(each.failure for each in made):
                continue
            written.append(output / name)
            if format == "saved_model":
                install_model(output, aside / "model")
            else:
                (output / name).parent.mkdir(exist_ok=True)
                os.replace(path, output / name)
    failures = [each.failure for each in found if each.failure]
    packages = ["fast-depth-style", "tensorflow"]
    for extra in sorted({f.partition("_")[0] for f in settings.formats}):
        packages += PACKAGES.get(extra, ())
    report = {
        "pictures": pictures.source,
        "calibrated_on": len(pictures.calibration),
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
    files.require_own_folder(output, "output", known=("card.json",))
    for _, name, _ in _plan(settings):
        files.require_writable(output / name, "output")
    return output


def _plan(settings: ExportSettings) -> Iterator[tuple[str, str, _Size | None]]:
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


def _examples(
    network: ImageTransformationNetwork, pictures: list[np.ndarray], size: _Size
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Pictures of a size, and what is expected of each."""
    given = [
        fit(picture, size)[None].astype(np.float32) for picture in pictures
    ]
    made = map(network, given)
    return given, [np.asarray(each).clip(0.0, 255.0) for each in made]


def _write(
    format: str,
    path: pathlib.Path,
    size: _Size | None,
    network: ImageTransformationNetwork,
    calibration: list[np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
    """Writes one file and loads it; imports what an extra brings."""
    if format == "onnx":
        from fast_depth_style.exporting.onnx_file import read_onnx, write_onnx

        write_onnx(network, path)
        return read_onnx(path)
    from fast_depth_style.exporting.tflite import convert_tflite, read_tflite

    fitting = [fit(picture, size) for picture in calibration] if size else []
    kind = format.removeprefix("tflite_")
    path.write_bytes(convert_tflite(network, kind, size, fitting))
    return read_tflite(path)
