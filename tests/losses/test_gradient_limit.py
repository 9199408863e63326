import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.losses.gradient_limit import limit_gradient


def _gradient(pictures, weights, limit):
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        value = tf.reduce_sum(limit_gradient(pictures, limit) * weights)
    return tape.gradient(value, pictures)


@pytest.mark.parametrize("jit", [False, True])
def test_each_picture_is_limited_on_its_own(jit):
    random = np.random.default_rng(0)
    pictures, weights = random.normal(size=(2, 3, 4, 5, 3)).astype("float32")
    weights *= np.array([1, 100, 0.001], "float32")[:, None, None, None]
    run = tf.function(_gradient, jit_compile=jit)
    limited = run(tf.constant(pictures), tf.constant(weights), tf.constant(2.0))
    for picture, weight in zip(limited.numpy(), weights, strict=True):
        expected = weight * min(1.0, 2.0 / np.linalg.norm(weight))
        np.testing.assert_allclose(picture, expected, rtol=1e-5)


def test_a_limit_of_zero_stops_the_gradient():
    pictures, weights = tf.ones((1, 2, 2, 3)), tf.fill((1, 2, 2, 3), 5.0)
    assert not _gradient(pictures, weights, 0.0).numpy().any()


def test_the_value_is_the_picture():
    picture = np.random.default_rng(1).normal(size=(1, 4, 4, 3))
    picture = picture.astype("float32")
    np.testing.assert_array_equal(limit_gradient(picture, 0.1), picture)
