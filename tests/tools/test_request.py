import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from programs import run_program

from fast_depth_style.images.files import read_rgb
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings

_PIXELS = np.random.default_rng(0).integers(0, 256, (30, 45, 3), np.uint8)


def _request(**flags):
    flags = {"model": "wave", "timeout": 600} | flags
    return run_program("request.py", **flags)


@pytest.fixture
def photo(tmp_path):
    Image.fromarray(_PIXELS).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_a_photo_becomes_a_painting(server, small_model, photo, tmp_path):
    """Names are bytes, and a home is expanded."""
    name = os.fsdecode(b"caf\xe9.png")
    photo.rename(tmp_path / name)
    done = _request(
        environment={"HOME": str(tmp_path)},
        server=server.rest,
        input=f"~/{name}",
        output="~/new/",
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"stylized {tmp_path}/new/caf\\xe9.png\n"
    model = tf.saved_model.load(str(small_model / "1"))
    expected = model.signatures["serving_default"](image=_PIXELS[None])
    np.testing.assert_array_equal(
        read_rgb(tmp_path / "new" / name), expected["stylized_image"][0]
    )


def test_a_style_and_dials_are_asked_for(server, styled_model, photo, tmp_path):
    done = _request(
        server=server.rest,
        model="styled",
        style="udnie:3,scream:1",
        depth=0.25,
        input=photo,
        output=tmp_path / "painting.png",
    )

    assert (done.returncode, done.stderr) == (0, "")
    settings = StylizeSettings(style="udnie:3,scream:1", depth=0.25)
    model = load_styled(styled_model, settings)
    painted = tiles.stylize(model, _PIXELS)
    np.testing.assert_array_equal(read_rgb(tmp_path / "painting.png"), painted)


@pytest.mark.parametrize(
    "code, wrong, message",
    [
        (1, {"server": "http://127.0.0.1:1"}, "not available"),
        (2, {"server": "localhost"}, "not the address of a server"),
        (2, {"model": "sea"}, "no model 'sea' is served there"),
        (2, {"model": ""}, "--model=: give the name"),
        (2, {"input": ""}, "--input= is empty"),
        (2, {"input": "nowhere.png"}, "no such file"),
        (2, {"input": __file__}, "test_request.py: not a picture"),
        (2, {"output": ""}, "--output= is empty"),
        (2, {"output": "{}/photo.png"}, "would overwrite"),
        (2, {"output": "painting.gif"}, "cannot write .gif"),
        (2, {"depth": 0.5}, "give --style as well"),
        (2, {"model": "styled", "style": "x"}, "great_wave, udnie, scream"),
    ],
)
def test_what_goes_wrong_is_one_line(
    server, photo, tmp_path, code, wrong, message
):
    flags = {"server": server.rest, "input": photo}
    flags |= {"output": tmp_path / "painting.png"} | wrong
    flags["output"] = str(flags["output"]).format(tmp_path)
    done = _request(**flags)

    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]
