"""The demo, its page, and what it learns from."""

import re
import sys

import numpy as np
import pytest
from PIL import Image
from tiny_material import Brightness

from fast_depth_style.demo import page
from fast_depth_style.demo.run import run
from fast_depth_style.demo.samples import write_samples
from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.evaluation import html_page
from fast_depth_style.exporting.saved_model import read_model
from fast_depth_style.exporting.verification import Verification
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.folder import list_pictures


@pytest.fixture
def ramp():
    return np.tile(np.arange(64, dtype=np.uint8)[:, None, None], (1, 80, 3))


def test_the_page_holds_every_picture_and_needs_no_file(tmp_path, ramp):
    (tmp_path / "previews").mkdir()
    for name in ("losses.png", "previews/latest.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    text = page.render(
        ramp,
        {"lake": ramp},
        {("ours", "lake"): ramp, ("<wave>", "lake"): ramp},
        Brightness("inverse_depth"),
        tmp_path,
        {"training": 12.34},
        Verification(
            "tflite_float16", "a.tflite", 3_400_000, (256, 256), 71, 1, 0.5
        ),
    )
    images = re.findall('<img alt="([^"]*)" src="(.{11})', text)
    assert len(images) == text.count("<img") == 1 + 3 * 2 + 2
    assert {source for _, source in images} == {"data:image/"}
    assert "Stylized: &lt;wave&gt;" in dict(images)
    assert "12.3 s" in text
    assert "a.tflite: 3.4 MB, 71 dB from the network" in text
    assert "500 ms for 256x256 pixels" in text


@pytest.mark.parametrize("quantity", ["depth", "inverse_depth"])
def test_near_is_light(ramp, quantity):
    colours = html_page.depth_colours(Brightness(quantity), ramp)
    assert colours.shape == ramp.shape and colours.dtype == np.uint8
    light = colours.astype(int).sum(axis=(1, 2))
    assert (light[-1] > light[0]) == (quantity == "inverse_depth")


def test_a_painting_and_photos_are_written_once(tmp_path):
    pytest.importorskip("sklearn")
    painting, photos = write_samples(tmp_path / "samples")
    assert min(read_rgb(painting).shape[:2]) >= 256
    names = [path.name for path in list_pictures(photos)]
    assert names == ["china.jpg", "flower.jpg"]
    written = painting.stat().st_mtime_ns
    assert write_samples(tmp_path / "samples") == (painting, photos)
    assert painting.stat().st_mtime_ns == written


def test_without_scikit_learn(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"fast-depth-style\[demo\]"):
        write_samples(tmp_path / "samples")
    assert not (tmp_path / "samples").exists()


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(RequestError, match="holds other files"):
        run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


@pytest.mark.slow
def test_the_demo_trains_exports_stylizes_and_shows(tmp_path, capsys):
    pytest.importorskip("sklearn")
    found = run(tmp_path / "demo", steps=2)
    text = found.read_text()
    # Photo, our style, a blend and seven styles, each with its depth.
    assert text.count("data:image/") == 1 + 2 * 2 * (1 + 2 + 7) + 2
    assert (tmp_path / "demo" / "china_our_painting.jpg").stat().st_size > 9999
    assert (tmp_path / "demo" / "training" / "painting.style").is_file()
    model = tmp_path / "demo" / "training" / "model"
    assert (model / "tflite" / "float16_256.tflite").is_file()
    assert "float16_256.tflite" in text
    assert "serving_default" in read_model(model).signatures
    assert str(found) in capsys.readouterr().out
