import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.losses import style


@pytest.fixture
def features():
    return np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")


def _gram(features):
    """One picture at a time, one pair of channels at a time."""
    batch, height, width, channels = features.shape
    gram = np.zeros((batch, channels, channels))
    for n in range(batch):
        for i in range(channels):
            for j in range(channels):
                gram[n, i, j] = np.sum(
                    features[n, ..., i].astype(float) * features[n, ..., j]
                ) / (height * width * channels)
    return gram


def test_gram_matrix(features):
    np.testing.assert_allclose(
        style.gram_matrix(features), _gram(features), rtol=1e-5, atol=1e-6
    )


def test_gram_matrix_by_hand():
    features = np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]], "float32")
    expected = np.array([[[10, 14], [14, 20]]]) / (2 * 1 * 2)
    np.testing.assert_allclose(style.gram_matrix(features), expected)


def test_gram_matrix_of_half_precision_is_float32():
    features = np.full((1, 64, 64, 2), 100, "float16")
    gram = np.asarray(style.gram_matrix(features))
    assert gram.dtype == np.float32
    np.testing.assert_allclose(gram, 5000.0)


def test_gram_matrix_of_bfloat16_is_float32_within_its_rounding(features):
    rounded = tf.cast(features, tf.bfloat16)
    gram = np.asarray(style.gram_matrix(rounded))

    assert gram.dtype == np.float32
    exact = _gram(tf.cast(rounded, tf.float32).numpy())
    np.testing.assert_allclose(gram, exact, rtol=2**-8, atol=1e-6)


def test_gradient_of_the_gram_matrix_of_bfloat16(features):
    weights = np.random.default_rng(1).normal(size=(3, 3)).astype("float32")
    gradients = []
    for dtype in (tf.bfloat16, tf.float32):
        x = tf.cast(tf.cast(features, tf.bfloat16), dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(style.gram_matrix(x) * weights)
        gradients.append(tape.gradient(total, x))
    rough, exact = gradients

    assert rough.dtype == tf.bfloat16
    error = np.linalg.norm(tf.cast(rough, tf.float32) - exact)
    assert error < 0.005 * np.linalg.norm(exact)


@pytest.mark.parametrize("at_hand", [False, True])
def test_scaled_features(at_hand):
    pictures = np.random.default_rng(0).normal(size=(2, 9, 6, 3)).astype("f4")
    seen = []

    def network(x):
        seen.append(np.asarray(x))
        return {"a": x * 2, "b": x * 3, "c": x * 4}

    found = style.scaled_features(
        network, pictures, ("a", "b"), 3, network(pictures) if at_hand else None
    )

    assert [*found] == [(n, name) for n in range(3) for name in ("a", "b")]
    assert len(seen) == 3
    half = pictures[:, :8].reshape(2, 4, 2, 3, 2, 3).mean((2, 4))
    quarter = half[:, :, :2].reshape(2, 2, 2, 1, 2, 3).mean((2, 4))
    for scale, each in enumerate((pictures, half, quarter)):
        for name, factor in (("a", 2), ("b", 3)):
            np.testing.assert_allclose(
                found[scale, name], each * factor, rtol=1e-5, atol=1e-6
            )


def _layers(seed):
    generator = np.random.default_rng(seed)
    return {
        name: generator.normal(size=(2, channels, channels)).astype("float32")
        for name, channels in (("relu1_1", 3), ("relu2_1", 5))
    }


def test_style_loss():
    grams, other = _layers(0), _layers(1)
    targets = {name: gram[:1] for name, gram in other.items()}
    expected = 0.0
    for name in targets:
        squares = [
            np.mean((grams[name][n] - targets[name][0]) ** 2) for n in (0, 1)
        ]
        expected += np.mean(squares)
    np.testing.assert_allclose(
        style.style_loss(grams, targets), expected, rtol=1e-5
    )


def test_relative_style_loss():
    grams, other = _layers(0), _layers(1)
    targets = {name: gram[:1] for name, gram in other.items()}
    terms = []
    for name, target in targets.items():
        power = np.sum(target.astype(float) ** 2)
        terms += [
            np.sum((grams[name][n] - target[0]) ** 2) / power for n in (0, 1)
        ]
    np.testing.assert_allclose(
        style.relative_style_loss(grams, targets), np.mean(terms), rtol=1e-5
    )


@pytest.mark.parametrize("loss", [style.style_loss, style.relative_style_loss])
def test_only_layers_of_the_targets_count(loss):
    grams = _layers(0)
    targets = {"relu1_1": grams["relu1_1"][:1]}
    one = {"relu1_1": grams["relu1_1"]}
    assert float(loss(grams, targets)) == float(loss(one, targets))


def test_relative_style_loss_ends():
    targets = {name: gram[:1] for name, gram in _layers(1).items()}
    black = {name: np.zeros_like(gram) for name, gram in targets.items()}
    assert float(style.relative_style_loss(targets, targets)) == 0
    np.testing.assert_allclose(
        style.relative_style_loss(black, targets), 1.0, rtol=1e-6
    )


@pytest.mark.parametrize("loss", [style.style_loss, style.relative_style_loss])
def test_gradient(loss, features, assert_gradient):
    target = {"relu1_1": _gram(features[::-1] * 1.5)[:1].astype("float32")}
    assert_gradient(
        lambda x: loss({"relu1_1": style.gram_matrix(x)}, target), features
    )


def test_gradient_of_one_entry_of_a_gram_matrix(features, assert_gradient):
    assert_gradient(lambda x: style.gram_matrix(x)[1, 0, 2], features)
