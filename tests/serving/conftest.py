import keras
import pytest

from fast_depth_style.networks.transformer import Transformer


@pytest.fixture(scope="package")
def small_network():
    """A network of the least size, all of whose weights count."""
    keras.utils.set_random_seed(0)
    network = Transformer(width=0.1, blocks=1)
    network.build()
    for weight in network.trainable_weights:
        weight.assign_add(keras.random.normal(weight.shape, stddev=0.1))
    return network
