"""FastDepth against the hub module it was published as, and on its own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fast_depth_style.perception.fast_depth import FastDepth
from fast_depth_style.requests import RequestError


def _random_weights():
    rng = np.random.default_rng(0)
    weights, channels = {}, 3
    for index in range(38):
        side = 3 if index < 27 else 5
        if index % 2 and index != 37:
            key = f"{index:02d}_DEPTHWISE_CONV_2D"
            shape, outputs = (side, side, channels, 1), channels
        else:
            key = f"{index:02d}_CONV_2D"
            outputs = 1 if index == 37 else 6
            side = 3 if index == 0 else 1
            shape = (side, side, channels, outputs)
        scale = np.sqrt(2 / np.prod(shape[:2]) / (shape[2] if side == 1 else 1))
        weights[f"{key}_w"] = rng.normal(0, scale, shape).astype("float32")
        weights[f"{key}_b"] = rng.uniform(0, 0.2, outputs).astype("float32")
        channels = outputs
    # A map above zero, or the last ReLU leaves nothing to compare.
    weights["37_CONV_2D_w"] = abs(weights["37_CONV_2D_w"])
    return weights


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("fast_depth") / "weights.npz"
    np.savez(path, **_random_weights())
    return path


@pytest.fixture(scope="module")
def real_weights(assets):
    return assets / "weights" / "fast_depth_nyu_224_float32.npz"


@pytest.fixture(scope="module")
def rooms(assets):
    files = sorted((assets / "rgbd" / "nyu_v2" / "rgb").iterdir())[::400]
    pictures = [Image.open(f).convert("RGB").resize((224, 224)) for f in files]
    return np.stack([np.asarray(p, "float32") for p in pictures])


def _convolve(x, kernel, strides):
    """Correlation with (n - 1) / 2 zeros on every side, in plain numpy."""
    side = kernel.shape[0]
    pad = (side - 1) // 2
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    height = (x.shape[1] - side) // strides + 1
    width = (x.shape[2] - side) // strides + 1
    total = 0.0
    for i in range(side):
        for j in range(side):
            part = x[:, i::strides, j::strides][:, :height, :width]
            if kernel.shape[3] == 1 and kernel.shape[2] > 1 and side > 1:
                total = total + part * kernel[i, j, :, 0]
            else:
                total = total + part @ kernel[i, j]
    return total


def _reference(weights, pictures):
    """The network as the paper draws it, in float64 numpy."""
    weights = {key: value.astype("float64") for key, value in weights.items()}
    x, skips = pictures.astype("float64") / 255, {}
    for index in range(38):
        prefix = next(k for k in weights if k.startswith(f"{index:02d}"))[:-2]
        if index in (29, 31, 33, 35, 37):
            x = x.repeat(2, axis=1).repeat(2, axis=2)
        if index in (31, 33, 35):
            x = x + skips[{31: 10, 33: 6, 35: 2}[index]]
        strides = 2 if index in (0, 3, 7, 11, 23) else 1
        x = _convolve(x, weights[f"{prefix}_w"], strides)
        x = np.maximum(x + weights[f"{prefix}_b"], 0)
        if index <= 26:
            x = np.minimum(x, 6)
        skips[index] = x
    order = (26, 28, 30, 32, 34, 36)
    return x[..., 0], [skips[index] for index in order]


def test_map_and_features_match_numpy(weights_file):
    pictures = np.random.default_rng(1).uniform(0, 255, (2, 64, 96, 3))
    network = FastDepth(weights_file, input_size=None)
    depth, features = network.outputs(pictures.astype("float32"))
    expected, expected_features = _reference(
        dict(np.load(weights_file)), pictures
    )
    assert expected.std() > 0.01
    np.testing.assert_allclose(depth, expected, rtol=1e-4, atol=1e-5)
    assert len(features) == len(expected_features)
    for feature, other in zip(features, expected_features, strict=True):
        np.testing.assert_allclose(feature, other, rtol=1e-4, atol=1e-5)


def test_call_and_features_are_parts_of_outputs(weights_file):
    pictures = np.random.default_rng(1).uniform(0, 255, (1, 64, 64, 3))
    network = FastDepth(weights_file, input_size=64)
    depth, features = network.outputs(pictures)
    np.testing.assert_array_equal(network(pictures), depth)
    for one, other in zip(network.features(pictures), features, strict=True):
        np.testing.assert_array_equal(one, other)


def test_is_frozen_and_metric(weights_file):
    network = FastDepth(weights_file)
    assert not network.trainable_variables
    assert len(network.non_trainable_variables) == 76
    assert (network.quantity, network.is_metric) == ("depth", True)


def test_resizes_to_the_input_size_or_to_multiples_of_32(weights_file):
    pictures = np.full((2, 50, 75, 3), 90.0, "float32")
    assert FastDepth(weights_file, 96)(pictures).shape == (2, 96, 96)
    own = FastDepth(weights_file, None)
    assert own(pictures).shape == (2, 64, 64)
    assert own(pictures[:, :16, :1]).shape == (2, 32, 32)


def test_dynamic_sizes_in_a_graph(weights_file):
    pictures = np.random.default_rng(2).uniform(0, 255, (2, 50, 75, 3))
    pictures = pictures.astype("float32")
    spec = [tf.TensorSpec((None, None, None, 3))]
    network = FastDepth(weights_file, 64)
    graph = tf.function(network.call, input_signature=spec)
    np.testing.assert_allclose(graph(pictures), network(pictures), atol=1e-5)
    with pytest.raises(ValueError, match="static size"):
        tf.function(FastDepth(weights_file, None).call, input_signature=spec)(
            pictures
        )


@pytest.mark.parametrize("jit", [False, True])
def test_gradient_matches_the_numerical_one(weights_file, jit):
    network = FastDepth(weights_file, 32)
    rng = np.random.default_rng(3)
    pictures = tf.constant(rng.uniform(0, 255, (1, 40, 40, 3)), "float32")

    @tf.function(jit_compile=jit)
    def loss(x):
        depth, features = network.outputs(x)
        return sum(tf.reduce_sum(y**2) for y in (depth, *features))

    @tf.function(jit_compile=jit)
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x)
        return tape.gradient(value, x)

    slope = gradient(pictures)
    direction = slope / tf.norm(slope)
    step = 2.0  # of the norm over 4,800 values
    numerical = (
        loss(pictures + step * direction) - loss(pictures - step * direction)
    ) / (2 * step)
    # The network bends at every rectifier between the two points.
    np.testing.assert_allclose(tf.norm(slope), numerical, rtol=0.05)


def test_low_precision_stays_close_and_returns_float32(weights_file):
    pictures = np.random.default_rng(4).uniform(0, 255, (1, 64, 64, 3))
    exact = FastDepth(weights_file, 64)(pictures)
    network = FastDepth(weights_file, 64, dtype="mixed_bfloat16")
    assert network.compute_dtype == "bfloat16"
    depth, features = network.outputs(pictures)
    assert {keras.backend.standardize_dtype(x.dtype) for x in features} == {
        "float32"
    }
    assert keras.backend.standardize_dtype(depth.dtype) == "float32"
    error = np.abs(np.asarray(depth) - exact)
    assert 0 < error.mean() < 0.05 * np.asarray(exact).mean()


def test_equals_the_hub_module(assets, real_weights, rooms):
    module = tf.saved_model.load(assets / "hub" / "fast_depth_nyu_nhwc_224")
    expected = module.signatures["serving_default"](
        images=tf.constant(rooms / 255)
    )["depth"]
    depth, features = FastDepth(real_weights).outputs(rooms)
    np.testing.assert_allclose(depth, expected, atol=1e-4)
    shapes = [tuple(feature.shape[1:]) for feature in features]
    assert shapes == [
        (7, 7, 512),
        (7, 7, 200),
        (14, 14, 256),
        (28, 28, 120),
        (56, 56, 56),
        (112, 112, 16),
    ]


def test_wrong_requests_say_what_to_change_in_one_line(weights_file, tmp_path):
    def message(path, **kwargs):
        with pytest.raises(RequestError) as error:
            FastDepth(path, **kwargs)
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "nothing.npz" in message(tmp_path / "nothing.npz")
    assert str(tmp_path) in message(tmp_path)
    text = tmp_path / "text.npz"
    text.write_text("not an archive")
    assert "text.npz" in message(text)
    cut = tmp_path / "cut.npz"
    cut.write_bytes(weights_file.read_bytes()[:2000])
    assert "cut.npz" in message(cut)
    damaged = tmp_path / "damaged.npz"
    content = bytearray(weights_file.read_bytes())
    content[200:260] = bytes(60)
    damaged.write_bytes(content)
    assert "damaged.npz" in message(damaged)
    array = tmp_path / "array.npy"
    np.save(array, np.zeros(3))
    assert "array.npy" in message(array)

    weights = _random_weights()
    del weights["05_DEPTHWISE_CONV_2D_b"]
    np.savez(tmp_path / "less.npz", **weights)
    assert "05_DEPTHWISE_CONV_2D is missing" in message(tmp_path / "less.npz")
    for shape in ((3, 3, 7, 1), (3, 3, 6), ()):
        weights = _random_weights()
        weights["09_DEPTHWISE_CONV_2D_w"] = np.zeros(shape, "float32")
        np.savez(tmp_path / "other.npz", **weights)
        assert "09_DEPTHWISE_CONV_2D has" in message(tmp_path / "other.npz")
    for size in (0, 100, -32):
        assert str(size) in message(weights_file, input_size=size)
