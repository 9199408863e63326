import numpy as np
import pytest

from fast_depth_style.losses import content


@pytest.fixture
def pair():
    generator = np.random.default_rng(0)
    return generator.normal(size=(2, 3, 5, 4, 6)).astype("float32")


def test_content_loss(pair):
    features, targets = pair.astype(float)
    total = sum(
        (a - b) ** 2 for a, b in zip(features.flat, targets.flat, strict=True)
    )
    np.testing.assert_allclose(
        content.content_loss(*pair), total / features.size, rtol=1e-5
    )


def test_relative_content_loss(pair):
    # Every photo counts the same, however strong its features.
    pair = pair * np.array([1.0, 10.0, 0.1])[None, :, None, None, None]
    features, targets = pair
    expected = np.mean(
        [
            np.sum((y - x) ** 2) / np.sum(x**2)
            for y, x in zip(features, targets, strict=True)
        ]
    )
    np.testing.assert_allclose(
        content.relative_content_loss(
            features.astype("float32"), targets.astype("float32")
        ),
        expected,
        rtol=1e-3,
    )


def test_ends(pair):
    _, targets = pair
    assert float(content.content_loss(targets, targets)) == 0
    assert float(content.relative_content_loss(targets, targets)) == 0
    np.testing.assert_allclose(
        content.relative_content_loss(0 * targets, targets), 1.0, rtol=1e-5
    )


def test_featureless_photo_is_finite(pair):
    features, _ = pair
    loss = content.relative_content_loss(features, 0 * features)
    assert np.isfinite(float(loss))


@pytest.mark.parametrize(
    "loss", [content.content_loss, content.relative_content_loss]
)
def test_half_precision_is_compared_in_float32(loss):
    features = np.full((1, 8, 8, 2), 300.0, "float16")
    assert np.isfinite(float(loss(features, -features)))


@pytest.mark.parametrize(
    "loss", [content.content_loss, content.relative_content_loss]
)
def test_gradient(loss, pair, assert_gradient):
    features, targets = pair
    assert_gradient(lambda x: loss(x, targets), features)
