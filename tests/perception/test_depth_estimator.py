import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.perception.depth_estimator import (
    DepthEstimator,
    resize_bilinear,
)


class _Brightness(DepthEstimator):
    """Takes bright for near."""

    quantity = "inverse_depth"

    def __init__(self):
        super().__init__(dtype="mixed_bfloat16")
        self._gain = self._add_constant(np.array([0.5], "float32"), "gain")

    def outputs(self, pictures):
        grey = tf.reduce_mean(pictures, -1)
        return grey * tf.cast(self._gain, grey.dtype), [pictures]


def test_a_subclass_says_it_all_in_outputs():
    estimator = _Brightness()
    pictures = tf.fill((1, 4, 4, 3), 200.3)

    np.testing.assert_allclose(estimator(pictures), np.full((1, 4, 4), 100.15))
    (feature,) = estimator.features(pictures)
    # Not cast to bfloat16 on the way in, which would make it 200.
    np.testing.assert_array_equal(feature, pictures)
    assert (estimator.quantity, estimator.is_metric) == ("inverse_depth", False)
    assert not estimator.trainable_variables and len(estimator.weights) == 1


def test_without_outputs_it_estimates_nothing():
    with pytest.raises(NotImplementedError, match="DepthEstimator.outputs"):
        DepthEstimator()(np.zeros((1, 4, 4, 3), "float32"))


def test_resizing_is_bilinear_between_centres():
    row = np.array([0.0, 4.0], "float32").reshape(1, 1, 2, 1)

    resized = resize_bilinear(row, (1, 4))

    np.testing.assert_allclose(np.ravel(resized), [0, 1, 3, 4])


def test_a_picture_of_the_right_size_is_not_touched():
    picture = np.zeros((1, 3, 5, 3), "float32")

    assert resize_bilinear(picture, [3, 5]) is picture


def test_its_gradient_compiles():
    x = tf.Variable(tf.random.stateless_uniform((1, 6, 8, 3), (1, 2)))

    @tf.function(jit_compile=True)
    def gradient():
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(resize_bilinear(x, (3, 4)) ** 2)
        return tape.gradient(y, x)

    # Halved without antialiasing, each new pixel is the mean of four.
    blocks = x.numpy().reshape(1, 3, 2, 4, 2, 3)
    mean = blocks.mean((2, 4), keepdims=True)
    expected = np.broadcast_to(mean / 2, blocks.shape).reshape(x.shape)
    np.testing.assert_allclose(gradient(), expected, rtol=1e-5)
