"""The files of a page, without a browser."""

import base64
import json
import pathlib
import threading
import urllib.request

import numpy as np
import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.style_file import weights_digest
from fast_depth_style.networks.onnx_graph import runner, store_as_float16
from fast_depth_style.networks.onnx_network import network_graph
from fast_depth_style.web import libraries, server
from fast_depth_style.web.site import write_site

_NAMES = [name for names in libraries.ENGINES.values() for name in names]


@pytest.fixture
def stand_ins(tmp_path):
    """A folder with files named like the library's: they are only copied."""
    folder = tmp_path / "libraries"
    folder.mkdir()
    for name in _NAMES:
        (folder / name).write_text(name)
    return folder


def test_all_that_the_page_names_is_there(styled_network, stand_ins, tmp_path):
    site = write_site(styled_network, tmp_path / "site", stand_ins)
    about = json.loads((site / "network/network.json").read_text())
    assert about["styles"] == ["great_wave", "udnie", "scream"]
    assert about["dials"] == ["depth", "stroke"]
    assert {*about["engines"]} == {"wasm", "webgpu"}
    for name, size in about["bytes"].items():
        assert (site / name).stat().st_size == size
    assert {"network/network.onnx", "network/depth.onnx"} < {*about["bytes"]}
    assert about["digest"] == weights_digest(styled_network.named_weights())
    for name in (*about["thumbnails"], "thumbnail.jpg"):
        assert (site / "network" / name).is_file()
    check = about["check"]
    for name in ("picture", "painting"):
        rgba = np.frombuffer(base64.b64decode(check[name]), "uint8")
        assert rgba.size == check["width"] * check["height"] * 4
    page = (site / "index.html").read_text()
    assert f'content="{server.POLICY}"' in page
    for path in site.glob("*.js"):
        assert "https://" not in path.read_text()


def test_the_camera_has_a_network_of_its_own(
    styled_network, stand_ins, tmp_path
):
    site = write_site(
        styled_network, tmp_path / "site", stand_ins, styled_network
    )
    about = json.loads((site / "network/network.json").read_text())
    size = (site / "network/camera.onnx").stat().st_size
    assert about["bytes"]["network/camera.onnx"] == size
    for name, value in about["camera"].items():
        assert value == about[name]
    assert {"styles", "table_base64", "check"} < {*about["camera"]}


def test_a_network_of_one_style_has_no_table(
    small_network, stand_ins, tmp_path
):
    (stand_ins / libraries.ENGINES["webgpu"][0]).unlink()
    site = write_site(small_network, tmp_path / "site", stand_ins)
    about = json.loads((site / "network/network.json").read_text())
    assert (about["styles"], about["dials"]) == (["style"], [])
    assert "table_base64" not in about
    assert about["camera"] is None
    assert {*about["engines"]} == {"wasm"}


def test_a_missing_library_is_named_and_nothing_written(
    small_network, tmp_path
):
    with pytest.raises(RequestError, match="npm install onnxruntime-web@"):
        write_site(small_network, tmp_path / "site", tmp_path)
    assert not (tmp_path / "site").exists()


def test_float16_weights_paint_the_same(styled_network):
    model = network_graph(styled_network.named_weights(), styled_network.blocks)
    whole = model.SerializeToString()
    store_as_float16(model)
    small = model.SerializeToString()
    assert len(small) < 0.65 * len(whole)
    picture = np.random.default_rng(0).uniform(0, 255, (1, 40, 50, 3))
    weights, dials = np.eye(3)[:1], np.array([[0.3, 0.8]])
    vector = np.asarray(styled_network.vectors(weights, dials))[0]
    both = [
        runner(each)(picture.astype("float32"), vector.astype("float32"))
        for each in (whole, small)
    ]
    assert 0 < np.abs(both[0] - both[1]).max() < 1


def test_the_server_sends_the_policy_and_allows_threads(tmp_path):
    (tmp_path / "a.mjs").write_text("1")
    with server.make_server(tmp_path, 0) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{served.server_port}/a.mjs"
        with urllib.request.urlopen(address) as answer:
            headers = answer.headers  # Of any case.
        served.shutdown()
        with pytest.raises(RequestError, match="--port="):
            server.make_server(tmp_path, served.server_port)
    assert headers["Content-Type"] == "text/javascript"
    assert headers["Content-Security-Policy"] == server.POLICY
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"


def test_what_is_pinned_is_what_the_lock_file_holds():
    folder = pathlib.Path(libraries.__file__).parent
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert locked[f"node_modules/{name}"]["version"] == version
