import json
import math
import os
import re
import sys

import numpy as np
import pytest
from PIL import Image
from tiny_material import contents

from fast_depth_style import api
from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.exporting import tflite
from fast_depth_style.exporting.export import REPORT, export
from fast_depth_style.exporting.pictures import export_pictures, fit
from fast_depth_style.exporting.saved_model import float32_copy, read_card
from fast_depth_style.exporting.settings import ExportSettings
from fast_depth_style.exporting.signatures import ExportError
from fast_depth_style.exporting.verification import (
    Example,
    Verification,
    table,
    verify,
)
from fast_depth_style.networks.onnx_graph import runner

_TFLITE = [f"tflite/float32_{size}.tflite" for size in ("32", "48x40")]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for i in range(4):
        coarse = random.integers(0, 256, (5, 6, 3), np.uint8)
        Image.fromarray(coarse).resize((60, 50)).save(folder / f"{i}.png")
    return str(folder)


@pytest.fixture(scope="module")
def exported(small_network, photos, tmp_path_factory):
    formats = ("saved_model", "tflite_float32")
    settings = ExportSettings(formats, ("32", "48x40"), photos)
    # As names are on some disks: not UTF-8.
    output = tmp_path_factory.mktemp("models") / os.fsdecode(b"vagu\xe9")
    told = []
    card = {"name": "W"}
    paths = export(small_network, output, settings, card=card, show=told.append)
    assert paths == [output / name for name in ("1", *_TFLITE)]
    report = json.loads((output / REPORT).read_text())
    return output, report, told


def test_every_file_is_there_and_verified(exported):
    output, report, told = exported
    names = {*contents(output)}
    assert {n for n in names if n.startswith("tflite")} == {*_TFLITE}
    assert {"1/saved_model.pb", "card.json", "README.md"} <= names
    assert read_card(output)["name"] == "W"
    assert told[:-1] == [f"exporting {name}" for name in ["1", *_TFLITE]]
    assert report["not_kept"] == [] and "ai-edge-litert" in report["versions"]
    formats = report["formats"]
    assert sum(map(len, formats.values())) == told[-1].count("\n") == 3 + 2
    any_size = [[32, 32], [40, 48], [16, 46]]
    assert [each["size"] for each in formats["saved_model"]] == any_size
    # By TensorFlow alone, in a fresh process.
    fresh = formats["saved_model"][0]
    assert fresh["bytes"] > 100_000 and fresh["seconds"] > 0
    assert fresh["largest_error"] < 0.255
    last = formats["tflite_float32"][1]
    assert last["file"] == "float32_48x40.tflite" and last["size"] == [40, 48]
    assert 0 < last["largest_error"] < 0.255 and last["seconds"] > 0


def test_an_exported_model_is_exported_again(exported, tmp_path):
    output, _, _ = exported
    settings = ExportSettings(("saved_model", "tflite_float32"), ("32",))
    paths = api.export(output, tmp_path / "again", settings)
    assert paths == [tmp_path / "again" / n for n in ("1", _TFLITE[0])]
    for name in ("1/saved_model.pb", "card.json", _TFLITE[0]):
        again = (tmp_path / "again" / name).read_bytes()
        assert again == (output / name).read_bytes(), name


@pytest.mark.parametrize(
    "package, extra, formats",
    [
        ("ai_edge_litert", "tflite", ("tflite_float32",)),
        ("ai_edge_litert", "tflite", ("saved_model", "tflite_int8")),
    ],
)
def test_a_missing_extra_is_named(package, extra, formats, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    message = re.escape(
        f"--formats={formats[-1]}: needs pip install "
        f"'fast-depth-style[{extra}]'"
    )
    with pytest.raises(MissingExtraError, match=message):
        ExportSettings(formats)


def test_a_saved_model_needs_no_extra(small_network, tmp_path, monkeypatch):
    for package in ("ai_edge_litert", "onnx", "onnxruntime", "sklearn"):
        monkeypatch.setitem(sys.modules, package, None)
    for name in ("exporting.tflite", "networks.onnx_network"):
        monkeypatch.delitem(
            sys.modules, f"fast_depth_style.{name}", raising=False
        )
    settings = ExportSettings(("saved_model",), ("32",))
    export(small_network, tmp_path / "out", settings)
    report = json.loads((tmp_path / "out" / REPORT).read_text())
    assert {*report["versions"]} == {"fast-depth-style", "tensorflow"}
    assert report["pictures"] == "soft shapes"


def test_onnx(small_network, photos, tmp_path):
    settings = ExportSettings(("onnx",), ("32x48",), photos)
    first, second = (
        export(small_network, tmp_path / name, settings)[0] for name in "ab"
    )
    assert first == tmp_path / "a/onnx/float32.onnx"
    assert first.read_bytes() == second.read_bytes()

    run = runner(first.read_bytes(), threads=2)
    random = np.random.default_rng(0)
    for shape in ((1, 32, 48, 3), (2, 37, 18, 3), (1, 16, 16, 3)):
        pictures = random.uniform(0, 255, shape).astype(np.float32)
        expected = np.asarray(small_network(pictures))
        assert expected.min() < 0 or expected.max() > 255
        np.testing.assert_allclose(
            run(pictures), np.clip(expected, 0, 255), atol=0.05
        )


def test_what_differs_from_the_network_is_not_kept(
    exported, small_network, photos, monkeypatch
):
    output, _, _ = exported
    (output / "tflite" / "float16_32.tflite").write_text("of an earlier export")
    before = contents(output)
    convert = tflite.convert_tflite

    def convert_another(network, *rest):
        other = float32_copy(network)
        other.set_weights([1.1 * w for w in network.get_weights()])
        return convert(other, *rest)

    monkeypatch.setattr(tflite, "convert_tflite", convert_another)
    settings = ExportSettings(("tflite_float16",), ("32",), photos)
    told = []
    with pytest.raises(ExportError, match="float16_32.tflite at 32x32 reaches"):
        export(small_network, output, settings, show=told.append)
    assert "float16_32.tflite " in told[-1]  # What it reaches is shown.
    after = contents(output)
    report = json.loads(after.pop(REPORT))
    assert len(report["not_kept"]) == 3  # The dynamic one at two sizes.
    del before[REPORT]
    assert after == before


def test_an_output_that_cannot_be_is_refused_before_work(tmp_path):
    for name in ("card.json", "tflite"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(RequestError, match="cannot be written"):
        api.export("nowhere", tmp_path, ExportSettings(("tflite_float16",)))
    assert len([*tmp_path.rglob("*")]) == 2


@pytest.mark.parametrize(
    "format,error,fails",
    [
        ("onnx", 0.25, False),
        ("onnx", 0.26, True),
        ("onnx", np.nan, True),
        ("tflite_float16", 0.25, False),
        ("tflite_float16", 0.26, True),  # 59.8 dB
        ("tflite_int8", 6.4, False),
        ("tflite_int8", 6.5, True),  # 31.9 dB
        ("tflite_int8", np.inf, True),
    ],
)
def test_a_verification_measures_and_judges(format, error, fails):
    picture = np.full((1, 16, 20, 3), 100, np.float32)
    example = Example(picture, {}, (), picture)
    found = verify(
        format, "file", b"12345", lambda p: p + np.float32(error), [example]
    )
    assert found.bytes == 5 and found.size == (16, 20) and found.seconds > 0
    if np.isfinite(error):
        assert found.largest_error == pytest.approx(error, rel=1e-4)
        assert found.psnr == pytest.approx(
            20 * math.log10(255 / error), abs=1e-3
        )
    assert (found.failure is not None) == fails
    assert not fails or "file at 20x16" in found.failure
    json.dumps([found.psnr, found.largest_error], allow_nan=False)


def test_the_table_lines_up():
    lines = table(
        [
            Verification("onnx", "a", 1000, (9, 9), None, 0.0, 0.001),
            Verification("onnx", "long.onnx", 10**6, (16, 12), 61.2, 0.2, 1.5),
        ]
    ).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[2].split() == "long.onnx 12x16 1000 61.2 0.2 1500".split()
    assert "exact" in lines[1]


def test_sizes_are_width_by_height():
    settings = ExportSettings(("saved_model",), ("384", "640x480", "384x384"))
    assert settings.resolved_sizes() == ((384, 384), (480, 640))


@pytest.mark.parametrize(
    "settings,message",
    [
        ({"formats": ("saved_model", "gguf")}, "--formats=gguf: choose of"),
        ({"formats": ()}, "--formats=: choose of"),
        ({"sizes": ()}, "--sizes=: give sizes in pixels"),
        ({"sizes": ("256", "large")}, "--sizes=large: give sizes"),
        ({"sizes": ("256x",)}, "--sizes=256x: give sizes"),
        ({"sizes": ("-256",)}, "--sizes=-256: give sizes"),
        ({"sizes": ("²56",)}, "--sizes=²56: give sizes"),
        ({"sizes": ("256x15",)}, "--sizes=256x15: must be from 16x16"),
        ({"sizes": ("99999",)}, "to 8,388,608 pixels"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(RequestError, match=message):
        ExportSettings(**settings)


@pytest.mark.parametrize("number", [30, 1])
def test_photos_are_evenly_spaced(number, tmp_path):
    for i in range(number):
        Image.new("RGB", (40, 30), (i, 0, 0)).save(tmp_path / f"{i:02}.png")
    (tmp_path / "broken.jpg").write_text("not a picture")
    source, pictures = export_pictures(tmp_path)
    shades = [int(picture[0, 0, 0]) for picture in pictures]
    assert shades == ([0, 10, 20] if number == 30 else [0])
    assert source.startswith(f"{len(shades)} photos of ")


def test_a_folder_without_readable_photos_is_refused(tmp_path):
    (tmp_path / "broken.jpg").write_text("not a picture")
    with pytest.raises(RequestError, match="no photo in it"):
        export_pictures(tmp_path)


def test_without_photos_there_are_samples():
    _, pictures = export_pictures(None)
    assert len(pictures) >= 2


@pytest.mark.parametrize("size", [(20, 20), (33, 57), (90, 31), (60, 80)])
def test_fit_covers_and_keeps_the_middle(size):
    ramp = np.linspace(0, 255, 80).astype(np.uint8)
    fitted = fit(np.tile(ramp[:, None], (60, 1, 3)), size)
    assert fitted.shape == (*size, 3)
    assert abs(int(fitted[:, size[1] // 2].mean()) - 128) <= 5
