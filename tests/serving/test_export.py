import importlib.util
import json

import keras
import numpy as np
import pytest
from PIL import Image

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.serving import tflite
from fast_depth_style.serving.export import export
from fast_depth_style.serving.export_settings import ExportSettings
from fast_depth_style.serving.saved_model import ExportError, read_card

_HAS_ONNX = all(map(importlib.util.find_spec, ("onnx", "onnxruntime")))


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for i in range(4):
        coarse = random.integers(0, 256, (5, 6, 3), np.uint8)
        picture = Image.fromarray(coarse).resize((60, 50))
        picture.save(folder / f"{i}.png")
    return str(folder)


@pytest.fixture(scope="module")
def exported(small_network, photos, tmp_path_factory):
    formats = ["saved_model", "tflite_float32", "tflite_float16"]
    if _HAS_ONNX:
        formats.append("onnx")
    settings = ExportSettings(tuple(formats), (32,), photos)
    output = tmp_path_factory.mktemp("models") / "wave"
    told = []
    proofs = export(small_network, {"name": "W"}, output, settings, told.append)
    return output, proofs, told


def _names(folder):
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "/variables" not in str(path)
    }


def test_every_file_is_there_and_proved(exported):
    output, proofs, told = exported
    files = {"tflite/float32_32.tflite"}
    files |= {f"tflite/float16_{size}.tflite" for size in (32, "dynamic")}
    files |= {"onnx/float32.onnx"} if _HAS_ONNX else set()
    assert {
        name for name in _names(output) if name.endswith(("lite", "onnx"))
    } == files
    assert (output / "1" / "saved_model.pb").is_file()
    assert read_card(output) == {"name": "W"}
    assert len(told) == 1 + len(files) + 1  # The table.
    assert {proof.failure for proof in proofs} == {None}
    sizes = {(32, 32), (16, 46)}
    for name in ("1", "float16_dynamic.tflite"):
        assert {p.size for p in proofs if p.file == name} == sizes


def test_the_report_holds_the_proofs(exported):
    output, proofs, _ = exported
    report = json.loads((output / "export_report.json").read_text())
    assert report["not_kept"] == []
    assert sum(map(len, report["formats"].values())) == len(proofs)
    # By TensorFlow alone, in a fresh process.
    fresh = report["formats"]["saved_model"][0]
    assert fresh["bytes"] > 100_000 and fresh["seconds"] > 0
    assert fresh["largest_error"] < 0.255
    first = report["formats"]["tflite_float32"][0]
    assert first["file"] == "float32_32.tflite" and first["size"] == [32, 32]
    assert 0 < first["largest_error"] < 0.255 and first["seconds"] > 0


def test_what_fails_its_proof_is_not_kept(
    exported, small_network, photos, monkeypatch
):
    output, _, _ = exported
    before = {name: (output / name).read_bytes() for name in _names(output)}
    keras.utils.set_random_seed(9)
    other = Transformer(width=0.1, blocks=1)
    other.build()
    convert = tflite.convert_tflite
    monkeypatch.setattr(
        tflite, "convert_tflite", lambda _, *rest: convert(other, *rest)
    )
    settings = ExportSettings(("tflite_float16",), (32,), photos)
    told = []
    with pytest.raises(ExportError, match="float16_32.tflite at 32x32 reaches"):
        export(small_network, {}, output, settings, told.append)
    assert "float16_32.tflite " in told[-1]  # What it reaches is shown.
    assert _names(output) == set(before)
    for name, content in before.items():
        if name != "export_report.json":
            assert (output / name).read_bytes() == content, name
    report = json.loads((output / "export_report.json").read_text())
    assert len(report["not_kept"]) == 3  # The dynamic one at two sizes.
