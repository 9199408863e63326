import numpy as np
import pytest
from PIL import Image
from programs import run_program

from fast_depth_style.images.files import read_rgb
from fast_depth_style.serving.saved_model import read_model
from fast_depth_style.stylization import tiles

_PIXELS = np.random.default_rng(0).integers(0, 256, (30, 45, 3), np.uint8)


def _stylize(**flags):
    return run_program("stylize.py", **flags)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    Image.fromarray(_PIXELS).save(folder / "a.png")
    Image.fromarray(_PIXELS).save(folder / "sub" / "b.bmp")
    (folder / "broken.jpg").write_text("not a picture")
    return folder


def test_a_folder_of_photos(small_model, photos, tmp_path):
    output = tmp_path / "out"
    done = _stylize(model=small_model, input=photos, output=output)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "stylized 2, skipped 1 (named above)\n"
    (skipped,) = [s for s in done.stderr.splitlines() if "skipped" in s]
    assert skipped.endswith("broken.jpg: not a picture")
    expected = tiles.stylize(read_model(small_model), _PIXELS)
    for name in ("a.png", "sub/b.png"):
        np.testing.assert_array_equal(read_rgb(output / name), expected)
    assert sorted(p.name for p in output.rglob("*")) == [
        "a.png",
        "b.png",
        "sub",
    ]


def test_a_photo(small_model, photos, tmp_path):
    output = tmp_path / "new" / "painted.png"
    done = _stylize(model=small_model, input=photos / "a.png", output=output)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"stylized {output}\n"
    assert read_rgb(output).shape == _PIXELS.shape


@pytest.mark.parametrize(
    "wrong,message",
    [
        ({"model": "nowhere"}, "nowhere: no such folder"),
        ({"input": "nowhere.jpg"}, "nowhere.jpg: no such file"),
        ({"output": "x.gif", "input": "a.png"}, "cannot write .gif"),
        ({"input": "broken.jpg"}, "broken.jpg: not a picture"),
        ({"output": "a.png/x"}, "cannot write there"),
    ],
)
def test_wrong_requests(small_model, photos, wrong, message):
    flags = {
        "model": small_model,
        "input": photos,
        "output": photos / "new.png",
    }
    flags |= {name: photos / value for name, value in wrong.items()}
    before = sorted(photos.rglob("*"))
    done = _stylize(**flags)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert sorted(photos.rglob("*")) == before
