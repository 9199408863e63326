import numpy as np

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.training.initial_weights import draw_weights


def _network(seed):
    network = Transformer(width=0.25)
    network.build()
    draw_weights(network, seed)
    return network


def test_kernels_are_uniform_with_glorots_variance():
    kernel = _network(0).convs[3].get_weights()[0]
    height, width, inputs, outputs = kernel.shape
    limit = np.sqrt(6 / (height * width * (inputs + outputs)))

    assert np.abs(kernel).max() <= limit
    np.testing.assert_allclose(kernel.var(), limit**2 / 3, rtol=0.05)
    np.testing.assert_allclose(kernel.mean(), 0, atol=limit / 50)


def test_a_seed_gives_these_numbers_for_ever():
    kernel = _network(7).convs[0].get_weights()[0]
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(7)))
    limit = np.sqrt(6 / (81 * 11))

    np.testing.assert_array_equal(
        kernel.ravel()[:5], random.uniform(-limit, limit, 5).astype("float32")
    )


def test_another_seed_gives_another_network():
    one, same, other = _network(1), _network(1), _network(2)

    for a, b, c in zip(
        one.get_weights(), same.get_weights(), other.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(a, b)
        assert (a.ndim == 4) == bool(np.any(a != c))
