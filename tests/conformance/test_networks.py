"""Every network keeps every promise of the registry."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from conformance.networks import NETWORKS, pictures
from gradients import assert_close, assert_gradient

from fast_depth_style.errors import RequestError

# Not 64, which XLA resizes wrongly to 320: see `resize_bilinear`.
_SIZE = (48, 72)
_ODD_SIZES = [(16, 16), (17, 23), (33, 50), (21, 120)]


@pytest.fixture(scope="module", params=NETWORKS)
def case(request, tmp_path_factory):
    """(promises, how to make the network, the network)."""
    promises = NETWORKS[request.param]
    folder = tmp_path_factory.mktemp("network")
    file = promises.write(folder) if promises.write else None
    make = functools.partial(promises.make, file)
    return promises, make, make()


def _require(promise):
    if not promise:
        pytest.skip("not promised")


def _total(found):
    return sum(tf.reduce_mean(tf.square(y)) for y in found)


def test_frozen_or_trained(case):
    promises, _, network = case
    trained = [] if promises.frozen else [*network.variables]
    assert [*map(id, network.trainable_variables)] == [*map(id, trained)]


def test_gradient(case):
    promises, _, network = case
    _require(promises.learns)
    x = pictures(_SIZE, batch=1)
    step, tolerance = promises.step, promises.tolerance
    assert_gradient(
        lambda x: _total(promises.run(network, x)), x, step, tolerance, random=1
    )


def test_eager_is_compiled(case):
    promises, _, network = case
    x = tf.constant(pictures(_SIZE))

    def gradient(x):
        if not promises.learns:
            return promises.run(network, x), x
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = promises.run(network, x)
            total = _total(found)
        return found, tape.gradient(total, x)

    eager, slope = gradient(x)
    compiled, compiled_slope = tf.function(gradient, jit_compile=True)(x)

    for one, other in zip(compiled, eager, strict=True):
        assert_close(one, other, 1e-3)
    assert np.linalg.norm(compiled_slope - slope) < 0.02 * np.linalg.norm(slope)


def test_saved_model(case, tmp_path):
    promises, _, network = case
    _require(promises.exports)
    shape = (2, *_SIZE, 3) if promises.static else (None, None, None, 3)
    root = tf.Module()
    root.weights = [variable.value for variable in network.variables]
    root.function = tf.function(
        lambda x: promises.run(network, x),
        input_signature=[tf.TensorSpec(shape)],
        autograph=False,
    )
    tf.saved_model.save(root, tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    for size in [_SIZE] if promises.static else [_SIZE, (33, 50)]:
        x = pictures(size)
        expected = promises.run(network, x)
        for one, other in zip(loaded.function(x), expected, strict=True):
            assert_close(one, other, 1e-3)


def test_saved_weights_come_back(case, tmp_path):
    promises, make, network = case
    if not network.variables:
        pytest.skip("it has no weights of its own")
    network.save_weights(tmp_path / "n.weights.h5")
    again = make()
    for variable in again.variables:
        variable.assign(keras.ops.zeros_like(variable))
    again.load_weights(tmp_path / "n.weights.h5")
    x, run = pictures(_SIZE), promises.run
    for one, other in zip(run(again, x), run(network, x), strict=True):
        np.testing.assert_array_equal(one, other)


def test_bfloat16(case):
    promises, make, network = case
    low, x, run = make("mixed_bfloat16"), pictures(_SIZE), promises.run
    assert {w.dtype for w in low.weights} <= {"float32", "int64"}
    errors = []
    for rough, exact in zip(run(low, x), run(network, x), strict=True):
        # Losses take depth and pictures in float32, features as they are.
        assert rough.dtype in ("float32", low.compute_dtype)
        assert rough.dtype == "float32" or low.layer_names
        error = np.linalg.norm(tf.cast(rough, "float32") - exact)
        errors.append(error / np.linalg.norm(exact))
    if promises.low_error is None:
        assert max(errors) < 1e-6
    else:
        assert 0 < max(errors) < promises.low_error


@pytest.mark.parametrize("size", _ODD_SIZES)
def test_odd_sizes(case, size):
    promises, _, network = case
    x = pictures(size)
    both, alone = (promises.run(network, each) for each in (x, x[1:]))
    if not promises.frozen:
        assert {tuple(painted.shape) for painted in both} == {x.shape}
    for found, second in zip(both, alone, strict=True):
        assert np.isfinite(np.asarray(found)).all() and np.std(found) > 0
        # Pictures of a batch do not mix.
        assert found.shape[0] == 2
        assert_close(found[1:], second, 1e-3)


def test_onnx_runtime_gives_the_same(case):
    promises, _, network = case
    _require(promises.twin)
    twin = promises.twin(network)
    for size in ((16, 17), (33, 50), (213, 320)):
        x = pictures(size)
        # Depth only: graphs give no features.
        made, (expected, *_) = twin(x), promises.run(network, x)
        if not promises.frozen:  # Graphs clip what is painted.
            assert np.min(expected) < 0 or np.max(expected) > 255
            expected = np.clip(expected, 0, 255)
        assert made.shape == expected.shape
        assert_close(made, expected)


# What is left of the content of a weight file.
_DAMAGES = {
    "cut": lambda content: content[: len(content) // 2],
    "git-LFS": lambda _: b"version https://git-lfs.github.com/spec/v1\n",
    "emptied": lambda _: b"",
    "a page": lambda _: b"<html>please log in</html>",
    "overwritten": lambda content: content[:100] + bytes(300) + content[400:],
    "gone": None,
}


def test_a_damaged_weight_file_is_one_line(case, tmp_path, monkeypatch):
    promises, _, _ = case
    _require(promises.write)
    if name := promises.application:  # Built once: it takes seconds.
        once = functools.cache(getattr(keras.applications, name))
        monkeypatch.setattr(keras.applications, name, once)
    path = promises.write(tmp_path)
    content = path.read_bytes()
    for name, damage in _DAMAGES.items():
        path.write_bytes(damage(content)) if damage else path.unlink()
        with pytest.raises(RequestError) as error:
            promises.make(path)
        message = str(error.value)
        assert "\n" not in message and len(message) < 500, message
        where = path if "module" not in path.parts else path.parent
        assert str(where) in message
        assert ("git-LFS pointer" in message) == (name == "git-LFS")
