"""A network in every format that is asked for, each file proved right."""

import collections
import dataclasses
import importlib.metadata
import json
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator

import numpy as np

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.serving.export_pictures import (
    ExportPictures,
    export_pictures,
    fit,
)
from fast_depth_style.serving.export_settings import ExportSettings
from fast_depth_style.serving.proof import (
    Proof,
    prove,
    prove_saved_model,
    table,
)
from fast_depth_style.serving.saved_model import (
    ExportError,
    export_saved_model,
    install_model,
)

_REPORT = "export_report.json"


def export(
    network: Transformer,
    card: dict,
    output: str | pathlib.Path,
    settings: ExportSettings,
    show: Callable[[str], None] = print,
) -> list[Proof]:
    """Exports a network.

    A file is written aside, loaded with the runtime that its users have and
    compared with the network on real pictures; only then does it take its
    place. The figures go to `export_report.json`.

    Args:
        network: A built float32 network.
        card: What the model's card says; see `export_saved_model`.
        output: A folder: the SavedModel becomes `1/` in it, the others
            `tflite/KIND_SIZE.tflite` and `onnx/float32.onnx`.
        settings: What to make.
        show: Told of every file before it is made, and all figures at the end.

    Returns:
        The proofs of all files.

    Raises:
        RequestError: The photos cannot be used; nothing has been written.
        ExportError: Some files failed their proof: they were not kept, what
            was there before is, and the other files were written.
    """
    output = pathlib.Path(output)
    check = _Check(network, export_pictures(settings.photos), settings.sizes)
    output.mkdir(parents=True, exist_ok=True)
    proofs, failures = [], []
    with tempfile.TemporaryDirectory(dir=output, prefix=".export-") as aside:
        aside = pathlib.Path(aside)
        for name, make in _files(network, card, settings, check, aside):
            show(f"exporting {name}")
            made = make()
            proofs += made
            wrong = [proof.failure for proof in made if proof.failure]
            failures += wrong
            if wrong:
                continue
            if name == "1":
                install_model(output, aside / "model")
            else:
                (output / name).parent.mkdir(exist_ok=True)
                os.replace(aside / name, output / name)
        report = aside / _REPORT
        report.write_text(_report(check, proofs, failures))
        os.replace(report, output / _REPORT)
    show(table(proofs))
    if failures:
        raise ExportError("not kept: " + "; ".join(failures))
    return proofs


class _Check:
    """The pictures at every size, and what the network makes of them."""

    def __init__(
        self,
        network: Transformer,
        pictures: ExportPictures,
        sizes: tuple[int, ...],
    ):
        self.pictures = pictures
        squares = [(side, side) for side in dict.fromkeys(sizes)]
        # A size that is no multiple of anything, for files that take any.
        odd = (max(16, sizes[0] - 29), sizes[0] + 14)
        self.any_size = [*squares, odd]
        self._network = network
        self._made = {}

    def at(self, size: tuple[int, int]) -> tuple[list, list]:
        """Pictures of a size, and what is expected of them."""
        if size not in self._made:
            given = [
                fit(picture, size)[None].astype(np.float32)
                for picture in self.pictures.checked
            ]
            expected = [
                np.clip(np.asarray(self._network(picture)), 0.0, 255.0)
                for picture in given
            ]
            self._made[size] = given, expected
        return self._made[size]


def _files(
    network, card, settings, check, aside
) -> Iterator[tuple[str, Callable[[], list[Proof]]]]:
    """Names of files below the output, and what makes and proves each."""
    for name in dict.fromkeys(settings.formats):
        if name == "saved_model":
            yield "1", lambda: _saved_model(network, card, check, aside)
        elif name == "onnx":
            yield (
                "onnx/float32.onnx",
                lambda: _onnx(network, check, aside / "onnx/float32.onnx"),
            )
        else:
            kind = name.removeprefix("tflite_")
            sizes = [(side, side) for side in dict.fromkeys(settings.sizes)]
            if kind == "float16":
                sizes.append(None)
            for size in sizes:
                label = "dynamic" if size is None else str(size[0])
                path = f"tflite/{kind}_{label}.tflite"
                yield (
                    path,
                    lambda kind=kind, size=size, path=path: _tflite(
                        network, kind, size, check, aside / path
                    ),
                )


def _saved_model(network, card, check, aside):
    folder = export_saved_model(network, aside / "model", card)
    given, expected = zip(*map(check.at, check.any_size), strict=True)
    return prove_saved_model(folder, given, expected)


def _onnx(network, check, path):
    # Of an extra.
    from fast_depth_style.serving.onnx_model import read_onnx, write_onnx

    path.parent.mkdir()
    write_onnx(network, path)
    run = read_onnx(path)
    return [prove("onnx", path, run, *check.at(s)) for s in check.any_size]


def _tflite(network, kind, size, check, path):
    from fast_depth_style.serving.tflite import convert_tflite, read_tflite

    calibration = []
    if kind == "int8":
        calibration = [fit(p, size) for p in check.pictures.calibration]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(convert_tflite(network, kind, size, calibration))
    run = read_tflite(path)
    sizes = check.any_size if size is None else [size]
    return [prove(f"tflite_{kind}", path, run, *check.at(s)) for s in sizes]


def _report(check, proofs, failures):
    files = collections.defaultdict(list)
    for proof in proofs:
        files[proof.format].append(dataclasses.asdict(proof))
    packages = ("fast-depth-style", "tensorflow", "ai-edge-litert")
    report = {
        "pictures": check.pictures.source,
        "calibrated_on": len(check.pictures.calibration),
        "threads": 1,
        "versions": {
            name: importlib.metadata.version(name) for name in packages
        },
        "formats": files,
        "not_kept": failures,
    }
    return json.dumps(report, indent=2) + "\n"
