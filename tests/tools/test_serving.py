"""request and check_serving, against a server on loopback."""

import base64
import json
import os
import pathlib
import re

import numpy as np
import pytest
import requests
import tensorflow as tf
from PIL import Image
from programs import run_program

from fast_depth_style.images.files import read_rgb
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings

_PIXELS = np.random.default_rng(0).integers(0, 256, (30, 45, 3), np.uint8)


def _request(**flags):
    return run_program(
        "request.py", **{"model": "wave", "timeout": 600} | flags
    )


def _check(**flags):
    usual = {"model": "wave", "sizes": "48x40,51x33", "requests": 2}
    return run_program("check_serving.py", **usual | {"timeout": 600} | flags)


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


def test_the_request_in_the_docs_is_answered(server, photo):
    docs = pathlib.Path(__file__).parents[2] / "docs/export_and_serving.md"
    (request,) = re.findall("echo '(.*?)' [|]", docs.read_text(), re.DOTALL)
    sent = base64.b64encode(photo.read_bytes()).decode()
    request = re.sub(r"'\$\(base64 .*?\)'", sent, request)

    answer = requests.post(
        f"{server.rest}/v1/models/styled:predict", data=request
    ).json()

    (found,) = answer["predictions"]
    picture = tf.io.decode_png(base64.b64decode(found["b64"]))
    assert picture.shape == _PIXELS.shape
    asked = json.loads(request)["instances"][0]
    assert asked["style"] == "great_wave:0.7,udnie:0.3"


def test_a_good_server_is_found_good(server):
    done = _check(server=server.rest)

    assert done.returncode == 0, done.stdout
    assert done.stderr.startswith("100%")
    last = done.stdout.splitlines()[-1].split()
    assert last[:3] == ["16", "51x33", "2"]


def test_a_server_that_fails_later_is_found_out(server):
    left = iter(range(8))

    def before():
        if next(left, None) is None:
            raise tf.errors.InternalError(None, None, "out of order")

    server.before = before
    done = _check(server=server.rest)

    assert done.returncode == 1
    assert "out of order" in done.stdout
    assert done.stderr.endswith(" checks failed\n")


_CLOSED = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    "ask, code, wrong, message",
    [
        (_request, 1, {"server": _CLOSED}, "not available"),
        (_request, 2, {"model": "sea"}, "no model 'sea' is served there"),
        (
            _request,
            2,
            {"model": "styled", "style": "x"},
            "great_wave, udnie, scream",
        ),
        (_check, 1, {"server": _CLOSED}, "not available"),
        (_check, 2, {"model": "sea"}, "no model 'sea' is served there"),
        (_check, 2, {"requests": 10**9}, "--requests=1000000000 is not"),
        (_request, 2, {"depth": 1.5}, "--depth=1.5: must be at most 1"),
        (_check, 2, {"timeout": "nan"}, "--timeout=nan: give a finite number"),
        (_check, 2, {"sizes": "48x40"}, "give two or more"),
        (_check, 2, {"sizes": "48x40,big"}, "--sizes=big: give WIDTHxHEIGHT"),
        (_check, 2, {"sizes": "48x40,9999x9999"}, "at most 4,194,304 in all"),
    ],
)
def test_what_goes_wrong_is_one_line(
    server, photo, tmp_path, ask, code, wrong, message
):
    flags = {"server": server.rest} | wrong
    if ask is _request:
        flags |= {"input": photo, "output": tmp_path / "painting.png"}

    done = ask(**flags)

    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]
