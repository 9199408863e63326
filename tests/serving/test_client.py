import base64
import contextlib
import http.server
import io
import json
import socket
import threading
import time

import numpy as np
import pytest
import requests
import tensorflow as tf
from PIL import Image

from fast_depth_style.images.files import read_picture, read_rgb
from fast_depth_style.requests import RequestError
from fast_depth_style.serving.client import (
    InvalidArgument,
    ModelNotFound,
    ServerError,
    byte_strings,
    connect,
    stylize_photo,
    to_png,
)

_PATIENCE = 600  # Seconds; a slow machine traces for long.
_PIXELS = np.random.default_rng(0).integers(0, 256, (2, 30, 41, 3), np.uint8)


@pytest.fixture(params=["rest", "grpc"])
def client(server, request):
    with connect(getattr(server, request.param), _PATIENCE) as client:
        yield client


@pytest.fixture(scope="module")
def local(small_model):
    return tf.saved_model.load(str(small_model / "1")).signatures


def test_both_signatures_are_those_of_the_model(client, local):
    expected = local["serving_default"](image=_PIXELS)["stylized_image"]

    painted = client.predict("wave", "serving_default", {"image": _PIXELS})
    files = client.predict(
        "wave", "encoded", {"image_bytes": byte_strings(*map(to_png, _PIXELS))}
    )

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
        ("sea", "encoded", {"image_bytes": byte_strings(b"")}, ModelNotFound,
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

    assert str(caught.value).startswith(client.server)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_nothing_is_written_where_the_server_refuses(client, tmp_path):
    photo = tmp_path / "small.png"
    Image.fromarray(_PIXELS[0, :8, :8]).save(photo)

    with pytest.raises(InvalidArgument, match="8x8"):
        stylize_photo(client, "wave", photo, tmp_path / "new" / "painting.png")

    assert list(tmp_path.iterdir()) == [photo]


def test_no_server_is_said_so(server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for scheme in ("http", "grpc"):
        with connect(f"{scheme}://127.0.0.1:{port}", _PATIENCE) as client:
            with pytest.raises(ServerError, match="not available"):
                client.predict("wave", "serving_default", {"image": _PIXELS})


def test_a_slow_server_is_not_waited_for(server):
    server.before = lambda: time.sleep(1)
    for address in (server.rest, server.grpc):
        with connect(address, 0.2) as client:
            with pytest.raises(ServerError, match="within 0.2 seconds"):
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


@contextlib.contextmanager
def _web_server(content):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802 (http.server's name)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()
        thread.join()


@pytest.mark.parametrize("content", [b"<html>", b"[]", b'{"a": 1}'])
def test_another_kind_of_server_is_recognized(content):
    with _web_server(content) as address, connect(address, _PATIENCE) as client:
        with pytest.raises(ServerError, match="not as TensorFlow Serving"):
            client.predict("wave", "encoded", {})


def test_an_answer_that_is_no_picture_is_not_written(tmp_path):
    Image.fromarray(_PIXELS[0]).save(tmp_path / "photo.png")
    small = to_png(_PIXELS[0, :20])
    for file, message in ((b"text", "not a picture"), (small, "another size")):
        answer = {"outputs": [{"b64": base64.b64encode(file).decode()}]}
        with _web_server(json.dumps(answer).encode()) as address:
            with connect(address, _PATIENCE) as client:
                with pytest.raises(ServerError, match=message):
                    stylize_photo(
                        client,
                        "wave",
                        tmp_path / "photo.png",
                        tmp_path / "painting.png",
                    )
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8501",
        "ftp://localhost",
        "http://",
        "http://host:port",
        "grpc://host:8500/v1",
        "http://host?x=1",
        "http://host:99999",
    ],
)
def test_a_wrong_address_is_refused(address):
    with pytest.raises(RequestError, match="not the address of a server"):
        connect(address, _PATIENCE)


def test_no_time_at_all_is_refused():
    with pytest.raises(RequestError, match="time-out of 0 seconds"):
        connect("http://localhost", 0)


def test_the_documented_request_by_rows(server):
    file = io.BytesIO()
    Image.fromarray(_PIXELS[0]).save(file, "JPEG")
    sent = base64.b64encode(file.getvalue()).decode()

    answer = requests.post(
        f"{server.rest}/v1/models/wave:predict",
        json={
            "signature_name": "encoded",
            "instances": [{"image_bytes": {"b64": sent}}],
        },
    ).json()

    painted = base64.b64decode(answer["predictions"][0]["b64"])
    assert read_rgb(painted).shape == _PIXELS[0].shape


def test_bytes_keep_the_zeros_at_their_end():
    array = byte_strings(b"a\0\0", b"")

    assert array.tolist() == [b"a\0\0", b""] and array.shape == (2,)
