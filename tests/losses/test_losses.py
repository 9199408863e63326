"""Losses against their equations, computed in numpy, and their gradients."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradient
from keras import ops
from numpy_objective import (
    gram,
    relative,
    relative_content,
    relative_map_gradients,
)

from fast_depth_style.losses import content, depth, pixels, style
from fast_depth_style.losses.depth import limit_gradient


def _normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def _uniform(low, high, *shape, seed=0):
    draw = np.random.default_rng(seed).uniform(low, high, shape)
    return draw.astype("float32")


_FEATURES = _normal(2, 3, 5, 4, 6)
_MAPS = _uniform(1, 5, 2, 2, 6, 5)
_PICTURES = _uniform(-60, 320, 2, 5, 7, 3)
_GRAMS = {
    "a": _normal(2, 3, 3),
    "b": _normal(2, 5, 5, seed=1),
    "not counted": _normal(2, 2, 2),
}
_STYLE = {"a": _normal(1, 3, 3, seed=2), "b": _normal(1, 5, 5, seed=3)}


def _total_variation(pictures):
    vertical, horizontal = [], []
    for n, i, j, c in np.ndindex(pictures.shape):
        here = float(pictures[n, i, j, c])
        if i + 1 < pictures.shape[1]:
            vertical.append((pictures[n, i + 1, j, c] - here) ** 2)
        if j + 1 < pictures.shape[2]:
            horizontal.append((pictures[n, i, j + 1, c] - here) ** 2)
    return np.mean(vertical) + np.mean(horizontal)


def _out_of_range(pictures):
    return np.mean([max(-x, x - 255, 0) ** 2 for x in pictures.flat])


def _lattice(pictures):
    windows = [
        picture[i : i + 24, j : j + 24]
        for picture in pictures.astype("f8")
        for i in range(0, picture.shape[0] - 23, 24)
        for j in range(0, picture.shape[1] - 23, 24)
    ]
    steps = range(0, 24, 4)
    blocks = [
        np.mean([w[i : i + 4, j : j + 4] for i in steps for j in steps], axis=0)
        for w in windows
    ]
    return np.mean([np.var(block, axis=(0, 1)) for block in blocks])


# Name: the loss, its equation in numpy, the picture's input and its target.
_LOSSES = {
    "content": (
        content.content_loss,
        lambda y, x: np.mean((y.astype("f8") - x) ** 2),
        *_FEATURES,
    ),
    # Every photo counts the same, however strong its features.
    "relative content": (
        content.relative_content_loss,
        relative_content,
        *_FEATURES * np.float32([1, 9, 0.3])[None, :, None, None, None],
    ),
    "depth in centimetres": (
        lambda y, x: depth.raw_depth_loss(y, x, True),
        lambda y, x: np.mean((100.0 * (y.astype("f8") - x)) ** 2),
        *_MAPS,
    ),
    "inverse depth": (
        lambda y, x: depth.raw_depth_loss(y, x, False),
        lambda y, x: np.mean((y.astype("f8") - x) ** 2),
        *_MAPS,
    ),
    "depth features": (
        lambda y, x: depth.depth_feature_loss([y, 3 * y[:, :2]], [x, x[:, :2]]),
        lambda y, x: (relative(y, x) + relative(3 * y[:, :2], x[:, :2])) / 2,
        *_FEATURES,
    ),
    # Two networks, of maps of 12 and 6 pixels: three scales and two.
    "depth gradients": (
        lambda y, x: depth.depth_gradient_loss(
            [y, y[:, :6] * y[:, :6]], [x, x[:, :6]]
        ),
        lambda y, x: (
            (
                3 * relative_map_gradients(y, x)
                + 2 * relative_map_gradients(y[:, :6] ** 2, x[:, :6])
            )
            / 5
        ),
        *_uniform(1, 5, 2, 2, 12, 11),
    ),
    "squared difference": (
        pixels.squared_difference,
        lambda y, x: np.mean((y.astype("f8") - x) ** 2),
        _PICTURES,
        _PICTURES[::-1],
    ),
    "total variation": (
        lambda y, x: pixels.total_variation(y),
        lambda y, x: _total_variation(y),
        _PICTURES,
        None,
    ),
    "range": (
        lambda y, x: pixels.out_of_range(y),
        lambda y, x: _out_of_range(y),
        _PICTURES,
        None,
    ),
    "lattice": (
        lambda y, x: pixels.lattice(y),
        lambda y, x: _lattice(y),
        _uniform(0, 255, 2, 50, 71, 3),
        None,
    ),
    "gram": (
        lambda y, x: tf.reduce_sum(style.gram_matrix(y) * _GRAMS["b"][:1]),
        lambda y, x: np.sum(gram(y) * _GRAMS["b"][:1]),
        _normal(2, 5, 4, 5),
        None,
    ),
}


@pytest.mark.parametrize("name", _LOSSES)
def test_a_loss_is_its_equation_and_its_gradient_the_numerical_one(name):
    loss, equation, pictures, targets = _LOSSES[name]
    expected = equation(pictures, targets)
    found = np.mean(loss(pictures, targets))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    # Smaller, or rounding drowns the difference.
    pictures = pictures[:1, :25, :24]
    targets = None if targets is None else targets[:1, :25, :24]
    assert_gradient(lambda x: ops.mean(loss(x, targets)), pictures)


def test_gradients_of_maps_whose_size_is_known_late():
    spec = [tf.TensorSpec((None, None, None))] * 2

    @tf.function(input_signature=spec)
    def late(depths, targets):
        return depth.depth_gradient_loss([depths], [targets])

    found, targets = _uniform(1, 5, 2, 2, 16, 17)
    np.testing.assert_allclose(
        late(found, targets),
        depth.depth_gradient_loss([found], [targets]),
        rtol=1e-5,
    )


def test_what_has_no_features_or_half_precision_is_finite():
    features = np.full((1, 8, 8, 2), 300.0, "float16")
    assert np.isfinite(content.relative_content_loss(features, 0 * features))
    assert np.isfinite(content.relative_content_loss(features, -features))
    assert np.isfinite(content.content_loss(features, -features))


def test_style_losses_are_johnsons_equation_4():
    def squares(name, n):
        return (_GRAMS[name][n].astype("f8") - _STYLE[name][0]) ** 2

    sums = [np.mean([squares(k, n).mean() for n in (0, 1)]) for k in _STYLE]
    np.testing.assert_allclose(
        style.style_loss(_GRAMS, _STYLE), np.sum(sums), rtol=1e-5
    )
    terms = [
        squares(name, n).sum() / np.sum(np.square(_STYLE[name], dtype="f8"))
        for name in _STYLE
        for n in (0, 1)
    ]
    found = style.relative_style_loss(_GRAMS, _STYLE)
    np.testing.assert_allclose(
        found, np.reshape(terms, (2, 2)).mean(0), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("shape", "parts", "high", "wide"),
    [
        ((2, 7, 10, 3), 2, 3, 5),
        ((2, 2, 5, 3), 2, 1, 2),
        ((2, 1, 4, 3), 1, 1, 4),
    ],
)
def test_quarters_are_parts_of_the_picture(shape, parts, high, wide):
    features = _normal(*shape)
    expected = np.stack(
        [
            gram(features[:, i : i + high, j : j + wide])
            for i in range(0, parts * high, high)
            for j in range(0, parts * wide, wide)
        ],
        axis=1,
    )
    found = style.quarter_statistics(features)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    target = gram(_normal(1, 4, 4, 3, seed=1))
    for loss in (style.style_loss, style.relative_style_loss):
        each = [
            np.mean(loss({"a": expected[:, i]}, {"a": target}))
            for i in range(parts**2)
        ]
        whole = np.mean(loss({"a": expected}, {"a": target[:, None]}))
        np.testing.assert_allclose(whole, np.mean(each))


def test_covariances_are_those_of_numpy():
    features = _normal(2, 6, 10, 3) + 2.0
    found = style.covariances(
        {"a": style.gram_matrix(features)}, {"a": style.mean_features(features)}
    )
    expected = [_covariance(x) for x in features]
    np.testing.assert_allclose(found["a"], expected, rtol=1e-4, atol=1e-6)

    found = style.covariances(
        *({"a": each} for each in style.quarter_statistics(features))
    )
    expected = _covariance(features[0, 3:, :5])
    np.testing.assert_allclose(found["a"][0, 2], expected, rtol=1e-4, atol=1e-6)


def _covariance(features):
    flat = features.reshape(-1, 3)
    outer = np.outer(flat.mean(0), flat.mean(0))
    return (np.cov(flat.T, ddof=0) + 0.01 * outer) / 3


@pytest.mark.parametrize("loss", [style.style_loss, style.relative_style_loss])
def test_gradient_of_style(loss):
    features = _normal(2, 5, 4, 3)
    target = {"a": gram(features[::-1] * 1.5)[:1].astype("float32")}
    assert_gradient(
        lambda x: ops.mean(loss({"a": style.gram_matrix(x)}, target)), features
    )
    target = {"a": target["a"][:, None]}
    assert_gradient(
        lambda x: ops.mean(loss({"a": style.quarter_statistics(x)[0]}, target)),
        features,
    )
    assert_gradient(
        lambda x: ops.mean(
            loss(
                style.covariances(
                    {"a": style.gram_matrix(x)}, {"a": style.mean_features(x)}
                ),
                {"a": target["a"][:, 0]},
            )
        ),
        features,
    )


def test_gram_matrices_in_half_precision():
    features = np.full((1, 64, 64, 2), 100, "float16")
    found = np.asarray(style.gram_matrix(features))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 5000.0)

    x, weights = _normal(2, 5, 4, 3), _normal(3, 3, seed=1)
    results = []
    for dtype in (tf.bfloat16, tf.float32):
        rounded = tf.cast(tf.cast(x, tf.bfloat16), dtype)
        with tf.GradientTape() as tape:
            tape.watch(rounded)
            found = style.gram_matrix(rounded)
            total = tf.reduce_sum(found * weights)
        gradient = tape.gradient(total, rounded)
        assert found.dtype == tf.float32 and gradient.dtype == dtype
        results.append((found, tf.cast(gradient, tf.float32)))
    (rough, rough_gradient), (exact, exact_gradient) = results
    np.testing.assert_allclose(rough, exact, rtol=2**-8, atol=1e-6)
    error = np.linalg.norm(rough_gradient - exact_gradient)
    assert error < 0.005 * np.linalg.norm(exact_gradient)


def test_features_at_several_scales():
    pictures, seen = _normal(2, 9, 6, 3), []

    def network(x):
        seen.append(x)
        return {"a": x * 2, "b": x * 3, "c": x * 4}

    found = style.scaled_features(network, pictures, ("a", "b"), 3)

    assert [*found] == [(n, name) for n in range(3) for name in ("a", "b")]
    assert len(seen) == 3
    half = pictures[:, :8].reshape(2, 4, 2, 3, 2, 3).mean((2, 4))
    quarter = half[:, :, :2].reshape(2, 2, 2, 1, 2, 3).mean((2, 4))
    for scale, each in enumerate((pictures, half, quarter)):
        for name, factor in (("a", 2), ("b", 3)):
            np.testing.assert_allclose(
                found[scale, name], each * factor, rtol=1e-5, atol=1e-6
            )


@pytest.mark.parametrize("jit", [False, True])
def test_each_pictures_gradient_is_limited_on_its_own(jit):
    pictures, weights = _normal(2, 3, 4, 5, 3)
    weights *= np.float32([1, 100, 0.001])[:, None, None, None]

    @tf.function(jit_compile=jit)
    def gradient(pictures, weights, limit):
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            value = tf.reduce_sum(limit_gradient(pictures, limit) * weights)
        return tape.gradient(value, pictures)

    limited = gradient(pictures, weights, tf.constant(2.0)).numpy()
    for picture, weight in zip(limited, weights, strict=True):
        expected = weight * min(1.0, 2.0 / np.linalg.norm(weight))
        np.testing.assert_allclose(picture, expected, rtol=1e-5)
    assert not gradient(pictures, weights, tf.constant(0.0)).numpy().any()
    own = tf.constant([1e-3, 2.0, 1e9], shape=(3, 1, 1, 1))
    limited = gradient(pictures, weights, own).numpy()
    for i, picture in enumerate(limited):
        length = min(np.linalg.norm(weights[i]), float(own[i, 0, 0, 0]))
        assert np.linalg.norm(picture) == pytest.approx(length, rel=1e-4)
    np.testing.assert_array_equal(limit_gradient(pictures, 0.1), pictures)
