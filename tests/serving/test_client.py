import base64
import importlib
import json
import math
import os
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny_material import web_server

from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.images.files import read_picture, read_rgb
from fast_depth_style.serving.client import (
    Client,
    InvalidArgument,
    ServerError,
    byte_strings,
    encode,
    stylize_photo,
)
from fast_depth_style.serving.settings import ServerSettings

_PATIENCE = 600  # Seconds; a slow machine traces for long.
_PIXELS = np.random.default_rng(0).integers(0, 256, (2, 30, 41, 3), np.uint8)


@pytest.fixture(params=["rest", "grpc"])
def client(server, request):
    with Client(getattr(server, request.param), _PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def local(small_model):
    return tf.saved_model.load(str(small_model / "1")).signatures


def test_both_signatures_are_those_of_the_model(client, local):
    expected = local["serving_default"](image=_PIXELS)["stylized_image"]

    painted = client.predict("wave", "serving_default", {"image": _PIXELS})
    files = client.stylize_files("wave", [*map(encode, _PIXELS)])

    np.testing.assert_array_equal(painted, expected)
    assert files.shape == (2,)
    for file, picture in zip(files, expected, strict=True):
        np.testing.assert_array_equal(read_rgb(file), picture)


def test_a_photo_is_stylized_as_on_this_machine(client, local, tmp_path):
    # Upright only after a turn, and half transparent.
    image = Image.fromarray(_PIXELS[0]).convert("RGBA")
    alpha = np.arange(30 * 41, dtype=np.uint8).reshape(30, 41)
    image.putalpha(Image.fromarray(alpha))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "photo.png", exif=exif)
    upright = np.rot90(_PIXELS[0], -1)
    expected = local["serving_default"](image=upright[None])["stylized_image"]

    target = tmp_path / "new" / "painting.png"
    stylize_photo(client, "wave", tmp_path / "photo.png", target)

    painted = read_picture(target)
    np.testing.assert_array_equal(painted.rgb, expected[0])
    np.testing.assert_array_equal(painted.alpha, np.rot90(alpha, -1))


@pytest.mark.parametrize(
    "model, signature, inputs, error, message",
    [
        ("sea", "encoded", {"image_bytes": byte_strings(b"")}, RequestError,
         "no model 'sea' is served there"),
        ("wave", "encoded", {"image_bytes": byte_strings(b"text")},
         InvalidArgument, "picture 0 is not a readable"),
        ("wave", "serving_default", {"image": _PIXELS / 2.0}, InvalidArgument,
         "uint8"),
        ("wave", "serving_default", {"photo": _PIXELS}, InvalidArgument,
         "photo"),
        ("wave", "paint", {"image": _PIXELS}, InvalidArgument, "paint"),
    ],
)  # fmt: skip
def test_what_a_server_refuses_is_one_line(
    client, model, signature, inputs, error, message
):
    with pytest.raises(error, match=message) as caught:
        client.predict(model, signature, inputs)

    assert str(caught.value).startswith(("http://127", "grpc://127"))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_nothing_is_written_where_the_server_refuses(client, tmp_path):
    photo = tmp_path / "small.png"
    Image.fromarray(_PIXELS[0, :8, :8]).save(photo)

    with pytest.raises(InvalidArgument, match="8x8"):
        stylize_photo(client, "wave", photo, tmp_path / "new" / "painting.png")

    assert list(tmp_path.iterdir()) == [photo]


def test_no_server_or_a_slow_one_is_said_so(server):
    server.before = lambda: time.sleep(1)
    for address, message in (
        ("http://127.0.0.1:1", "not available"),
        ("grpc://127.0.0.1:1", "not available"),
        (server.rest, "within 0.2 seconds"),
        (server.grpc, "within 0.2 seconds"),
    ):
        patience = 0.2 if "within" in message else _PATIENCE
        with Client(address, patience) as client:
            with pytest.raises(ServerError, match=message):
                client.predict("wave", "serving_default", {"image": _PIXELS})


@pytest.mark.parametrize(
    "error, message",
    [
        (tf.errors.ResourceExhaustedError, "failed: .*out of order"),
        (tf.errors.InternalError, "failed: .*out of order"),
        (tf.errors.UnavailableError, "wait if it is busy .*out of order"),
    ],
)
def test_a_failing_server_is_no_refusal(client, server, error, message):
    def fail():
        raise error(None, None, "out of order")

    server.before = fail
    with pytest.raises(ServerError, match=message):
        client.predict("wave", "serving_default", {"image": _PIXELS})


@pytest.mark.parametrize(
    "content",
    [
        b"<html>",
        b"\xff",
        b"[]",
        b'{"a": 1}',
        b'{"outputs": {"a": 1}}',
        b'{"outputs": ["a"]}',
        b'{"outputs": [{"b64": "a"}]}',
        b'{"outputs": [{}]}',
        b'{"outputs": [[1], [2, 3]]}',
    ],
)
def test_another_kind_of_server_is_recognized(content):
    with web_server(content) as address, Client(address, _PATIENCE) as client:
        with pytest.raises(ServerError, match="not as TensorFlow Serving"):
            client.predict("wave", "encoded", {})


def test_an_answer_that_is_no_picture_is_not_written(tmp_path):
    Image.fromarray(_PIXELS[0]).save(tmp_path / "photo.png")
    text, small = (
        [{"b64": base64.b64encode(file).decode()}]
        for file in (b"text", encode(_PIXELS[0, :20]))
    )
    for outputs, message in (
        (text, "not a picture"),
        (small, "another size"),
        (2 * small, "not so many"),
        ([1], "not so many"),
    ):
        answer = json.dumps({"outputs": outputs}).encode()
        paths = (tmp_path / name for name in ("photo.png", "painting.png"))
        with (
            web_server(answer) as address,
            Client(address, _PATIENCE) as client,
            pytest.raises(ServerError, match=message),
        ):
            stylize_photo(client, "wave", *paths)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_a_wrong_address_or_timeout_is_refused():
    for address in (
        "",
        "localhost:8501",
        "ftp://localhost",
        "http://",
        "http://host:port",
        "grpc://host:8500/v1",
        "http://host?x=1",
        "http://host:99999",
        "http://two words",
        "http://[::1",
        "http://.",
        f"http://{'a' * 70}",
        os.fsdecode(b"http://caf\xe9"),
    ):
        with pytest.raises(RequestError, match="not the address of a server"):
            Client(address, _PATIENCE)
    for seconds in (0, -1, math.nan, math.inf, 1e5):
        with pytest.raises(RequestError, match="--timeout="):
            ServerSettings(timeout=seconds)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(MissingExtraError, match=r"gRPC .*\[serving\]"):
        Client("grpc://localhost", _PATIENCE)
    monkeypatch.setitem(sys.modules, "requests", None)
    monkeypatch.delitem(sys.modules, Client.__module__)
    with pytest.raises(MissingExtraError, match=r"a server: .*\[serving\]"):
        importlib.import_module(Client.__module__)


@pytest.mark.parametrize("name", ["", os.fsdecode(b"caf\xe9"), "two\nlines"])
def test_a_name_that_no_model_has_is_refused(client, name):
    with pytest.raises(RequestError, match="--model=.*: give the") as caught:
        client.predict(name, "encoded", {})
    str(caught.value).encode()
