"""TF-Hub depth modules of both conventions, made here or real ones."""

import io
import shutil
import socket
import tarfile

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradient
from tiny_material import web_server

from fast_depth_style.errors import RequestError
from fast_depth_style.perception import weight_files
from fast_depth_style.perception.hub_depth import HubDepth


def _save_module(folder, function, spec):
    module = tf.Module()
    module.function = tf.function(function, input_signature=[spec])
    tf.saved_model.save(module, folder, {"serving_default": module.function})
    return str(folder)


@pytest.fixture(scope="module")
def metric(tmp_path_factory):
    """A TF2 module: (batch, 32, 32, 3) to metres, red + 2 green squared."""
    return _save_module(
        tmp_path_factory.mktemp("metric"),
        lambda images: {"depth": images[..., 0] + 2 * images[..., 1] ** 2},
        tf.TensorSpec((None, 32, 32, 3), name="images"),
    )


@pytest.fixture(scope="module")
def midas(tmp_path_factory):
    """A TF1-format module with the MiDaS convention, blue over green."""
    folder = tmp_path_factory.mktemp("midas") / "module"
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, (1, 3, 32, 48), "image")
        y = tf.identity(x[:, 2] / (1 + x[:, 1]))
        tf.compat.v1.saved_model.simple_save(
            session, str(folder), {"image": x}, {"default": y}
        )
    return str(folder)


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (2, 32, 48, 3)).astype("float32")


def test_metric_module(metric, pictures):
    network, x = HubDepth(metric), pictures[:, :, :32] / 255
    assert (network.quantity, network.is_metric) == ("depth", True)
    assert not network.variables
    [depth], features = network.outputs(pictures[:, :, :32])
    np.testing.assert_allclose(depth, x[..., 0] + 2 * x[..., 1] ** 2, rtol=1e-5)
    assert features == []
    spec = [tf.TensorSpec((None, 20, 20, 3))]
    graph = tf.function(network.call, input_signature=spec)
    assert graph(pictures[:, :20, :20]).shape == (2, 32, 32)


def test_module_of_the_midas_convention(midas, pictures):
    network, x = HubDepth(midas), pictures / 255
    assert (network.quantity, network.is_metric) == ("inverse_depth", False)
    expected = x[..., 2] / (1 + x[..., 1])
    np.testing.assert_allclose(network(pictures), expected, rtol=1e-5)
    assert network(pictures[:, :20, :20]).shape == (2, 32, 48)
    assert_gradient(
        lambda x: tf.reduce_mean(tf.square(network(x))), pictures, 1.0, random=0
    )
    # It takes one picture at a time.
    spec = [tf.TensorSpec((None, 20, 20, 3))]
    with pytest.raises(ValueError, match="batch must be static"):
        tf.function(network.call, input_signature=spec)(pictures[:, :20, :20])


def test_any_size_and_a_channel_axis(tmp_path, pictures):
    handle = _save_module(
        tmp_path,
        lambda x: {"out": tf.reduce_sum(x, 3, keepdims=True)},
        tf.TensorSpec((None, None, None, 3)),
    )
    network = HubDepth(handle)
    assert network.quantity == "inverse_depth"
    expected = pictures.sum(3) / 255
    np.testing.assert_allclose(network(pictures), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "folder, size",
    [
        ("fast_depth_nyu_nhwc_224", 224),
        ("fast_depth_nyu_nchw_256_midas_convention", 256),
    ],
)
def test_real_modules(assets, folder, size):
    network = HubDepth(str(assets / "hub" / folder))
    assert network.is_metric == (size == 224)
    rows = np.linspace(0, 255, 100, dtype="float32")[:, None, None]
    pictures = np.broadcast_to(rows, (2, 100, 120, 3)).copy()
    pictures[1] = pictures[1, ::-1]
    maps = np.asarray(network(pictures))
    assert maps.shape == (2, size, size)
    assert np.abs(maps[0] - maps[1]).max() > 0.01
    assert_gradient(
        lambda x: tf.reduce_mean(tf.square(network(x))), pictures, 1.0, 0.05, 0
    )


def _message(handle):
    with pytest.raises(RequestError) as error:
        HubDepth(str(handle))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_cannot_be_loaded_is_one_line(tmp_path):
    assert "nothing" in _message(tmp_path / "nothing")
    assert "give the folder" in _message(tmp_path)


def test_other_signatures_are_refused(tmp_path):
    for name, shape, dtype in (
        ("whole numbers", (None, 8, 8, 3), tf.uint8),
        ("vector", (None, 3), tf.float32),
        ("four", (4, 8, 8, 3), tf.float32),
    ):
        spec = tf.TensorSpec(shape, dtype)
        handle = _save_module(tmp_path / name, lambda x: {"depth": x}, spec)
        assert "does not take float pictures" in _message(handle)
    spec = tf.TensorSpec((None, 8, 8, 3))
    two = _save_module(tmp_path / "two", lambda x: {"near": x, "far": x}, spec)
    assert "far, near" in _message(two)
    tf.saved_model.save(tf.Module(), tmp_path / "bare")
    assert "no serving_default" in _message(tmp_path / "bare")


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """Where downloaded modules are kept."""
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_damaged_cache_is_named_and_downloaded_again(cache, metric, pictures):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        archive.add(metric, ".")
    with web_server(data.getvalue()) as address:
        url = f"{address}/module"
        expected = HubDepth(url)(pictures)
        (folder,) = (p for p in cache.iterdir() if p.is_dir())

        for damage in (
            lambda: (folder / "saved_model.pb").write_bytes(b""),
            lambda: (folder / "saved_model.pb").unlink(),
        ):
            damage()
            assert f"delete {folder}, it is then downloaded" in _message(url)

        shutil.rmtree(folder)
        np.testing.assert_array_equal(HubDepth(url)(pictures), expected)


def test_what_cannot_be_downloaded_is_one_line(cache, monkeypatch):
    with web_server(b"<html>please log in</html>") as address:
        assert "check the network" in _message(f"{address}/module")
    monkeypatch.setattr(weight_files, "_STALLED_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/module"
        assert "check the network" in _message(url)
    assert socket.getdefaulttimeout() is None
    assert "check the network" in _message(url)
