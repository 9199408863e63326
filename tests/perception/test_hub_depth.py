"""TF-Hub depth modules of both conventions, made here or real ones."""

import socket
import threading

import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.perception import hub_depth
from fast_depth_style.perception.hub_depth import HubDepth
from fast_depth_style.requests import RequestError


def _save_module(folder, function, spec):
    module = tf.Module()
    module.function = tf.function(function, input_signature=[spec])
    tf.saved_model.save(module, folder, {"serving_default": module.function})
    return str(folder)


@pytest.fixture(scope="module")
def metric(tmp_path_factory):
    """A TF2 module: (batch, 32, 32, 3) to metres, red + 2 green."""
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
        x = tf.compat.v1.placeholder(tf.float32, (1, 3, 32, 48), "0")
        y = tf.identity(x[:, 2] / (1 + x[:, 1]))
        tf.compat.v1.saved_model.simple_save(
            session, str(folder), {"0": x}, {"default": y}
        )
    return str(folder)


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (2, 32, 48, 3)).astype("float32")


def test_metric_module(metric, pictures):
    network = HubDepth(metric)
    assert (network.quantity, network.is_metric) == ("depth", True)
    assert not network.variables
    x = pictures[:, :, :32] / 255
    depth, features = network.outputs(pictures[:, :, :32])
    np.testing.assert_allclose(depth, x[..., 0] + 2 * x[..., 1] ** 2, rtol=1e-5)
    assert features == []
    assert network(pictures).shape == (2, 32, 32)


def test_module_of_the_midas_convention(midas, pictures):
    network = HubDepth(midas)
    assert (network.quantity, network.is_metric) == ("inverse_depth", False)
    x = pictures / 255
    np.testing.assert_allclose(
        network(pictures), x[..., 2] / (1 + x[..., 1]), rtol=1e-5
    )
    assert network(pictures[:, :20, :20]).shape == (2, 32, 48)


def test_batch_must_be_static_where_the_module_takes_one(midas, metric):
    spec = [tf.TensorSpec((None, 20, 20, 3))]
    graph = tf.function(HubDepth(metric).call, input_signature=spec)
    assert graph(np.zeros((3, 20, 20, 3), "float32")).shape == (3, 32, 32)
    with pytest.raises(ValueError, match="batch size must be static"):
        tf.function(HubDepth(midas).call, input_signature=spec)(
            np.zeros((3, 20, 20, 3), "float32")
        )


def test_quantity_can_be_given(midas, metric):
    network = HubDepth(midas, quantity="depth")
    assert (network.quantity, network.is_metric) == ("depth", False)
    network = HubDepth(metric, quantity="inverse_depth")
    assert (network.quantity, network.is_metric) == ("inverse_depth", False)
    with pytest.raises(RequestError, match="not disparity"):
        HubDepth(metric, quantity="disparity")


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


def _check_gradient(network, pictures, rtol):
    pictures = tf.constant(pictures)

    @tf.function
    def loss(x):
        return tf.reduce_mean(tf.square(network(x)))

    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x)
        return tape.gradient(value, x)

    slope = gradient(pictures)
    direction = slope / tf.norm(slope)
    step = 1.0
    numerical = (
        loss(pictures + step * direction) - loss(pictures - step * direction)
    ) / (2 * step)
    assert tf.norm(slope) > 0
    np.testing.assert_allclose(tf.norm(slope), numerical, rtol=rtol)


@pytest.mark.parametrize("module", ["metric", "midas"])
def test_gradient_matches_the_numerical_one(module, pictures, request):
    network = HubDepth(request.getfixturevalue(module))
    _check_gradient(network, pictures, 1e-2)


@pytest.mark.parametrize(
    ("folder", "quantity", "size"),
    [
        ("fast_depth_nyu_nhwc_224", "depth", 224),
        ("fast_depth_nyu_nchw_256_midas_convention", "inverse_depth", 256),
    ],
)
def test_real_modules(assets, folder, quantity, size):
    network = HubDepth(str(assets / "hub" / folder))
    assert network.quantity == quantity
    rows = np.linspace(0, 255, 100, dtype="float32")[:, None, None]
    pictures = np.broadcast_to(rows, (2, 100, 120, 3)).copy()
    pictures[1] = pictures[1, ::-1]
    maps = np.asarray(network(pictures))
    assert maps.shape == (2, size, size)
    assert np.abs(maps[0] - maps[1]).max() > 0.01
    _check_gradient(network, pictures, 0.05)


def _message(handle):
    with pytest.raises(RequestError) as error:
        HubDepth(str(handle))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_cannot_be_loaded_is_one_line(tmp_path):
    assert "nothing" in _message(tmp_path / "nothing")
    assert "give the folder" in _message(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"no model")
    assert "give the folder" in _message(tmp_path)
    assert "give the folder" in _message("no handle")


def test_other_signatures_are_refused(tmp_path):
    def save(name, function, spec):
        return _save_module(tmp_path / name, function, spec)

    pictures = tf.TensorSpec((None, 8, 8, 3))
    whole = tf.TensorSpec((None, 8, 8, 3), tf.uint8)
    vector = tf.TensorSpec((None, 3))
    four = tf.TensorSpec((4, 8, 8, 3))
    for name, spec in (("whole", whole), ("vector", vector), ("four", four)):
        handle = save(name, lambda x: {"depth": x}, spec)
        assert "does not take float pictures" in _message(handle)
    handle = save("two", lambda x: {"near": x, "far": x}, pictures)
    assert "far, near" in _message(handle)
    tf.saved_model.save(tf.Module(), tmp_path / "bare")
    assert "no serving_default" in _message(tmp_path / "bare")


def test_no_network_is_one_line():
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        handle = f"http://127.0.0.1:{port.getsockname()[1]}/module"
    assert "check the network" in _message(handle)


def test_a_server_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(hub_depth, "_STALLED_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []
        listener = threading.Thread(
            target=lambda: held.append(server.accept()), daemon=True
        )
        listener.start()
        handle = f"http://127.0.0.1:{server.getsockname()[1]}/module"
        assert "check the network" in _message(handle)
        listener.join(timeout=10)
        for connection, _ in held:
            connection.close()
    assert socket.getdefaulttimeout() is None
