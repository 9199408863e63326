import keras
import numpy as np
import pytest

from fast_depth_style.perception.frozen_network import (
    FrozenNetwork,
    caffe_input,
)


class _Network(FrozenNetwork):
    def call(self, x):
        return self.convolve(x, "a/b", strides=2, padding="valid")


@pytest.fixture
def convolutions():
    random = np.random.default_rng(0)
    kernel = random.normal(0, 1, (3, 3, 3, 4)).astype("float32")
    return {"a/b": (kernel, random.normal(0, 1, 4).astype("float32"))}


def test_colors_change_places_and_lose_their_mean():
    pictures = np.float32([[[[123.68, 116.779, 104.939], [0, 0, 255]]]])

    np.testing.assert_allclose(
        caffe_input(pictures),
        [[[[1, 0, 0], [255 - 103.939, -116.779, -123.68]]]],
        atol=1e-4,
    )


def test_a_convolution_by_hand(convolutions):
    x = np.random.default_rng(1).normal(0, 1, (2, 6, 9, 3)).astype("float32")
    kernel, bias = convolutions["a/b"]

    found = np.asarray(_Network(convolutions)(x))

    assert found.shape == (2, 2, 4, 4)
    expected = np.einsum("hwc,hwco->o", x[1, 2:5, 4:7], kernel) + bias
    np.testing.assert_allclose(
        found[1, 1, 2], np.maximum(expected, 0), rtol=1e-4, atol=1e-5
    )


def test_it_is_frozen_and_computes_in_the_type_of_its_input(convolutions):
    network = _Network(convolutions, dtype="mixed_bfloat16")

    found = network(keras.ops.ones((1, 5, 5, 3), "bfloat16"))

    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    assert not network.trainable_weights
    assert [tuple(w.shape) for w in network.weights] == [(3, 3, 3, 4), (4,)]
    assert network.compute_dtype == "bfloat16"
