"""The weights that a run starts from."""

import math

import numpy as np


def draw_weights(network, seed: int) -> None:
    """Sets a network's convolution kernels to random numbers.

    Uniform (Glorot, Bengio 2010, eq. 16), as Keras draws them too, but from
    NumPy: the same seed gives the same network on every backend, and in every
    version of it.

    Args:
        network: A built network; weights of rank 4 (height, width, inputs,
            outputs) are drawn, all others keep their values.
        seed: Not negative.
    """
    # RandomState, because its numbers are fixed for ever.
    random = np.random.RandomState(
        np.random.MT19937(np.random.SeedSequence(seed))
    )
    for weight in network.trainable_variables:
        if len(weight.shape) == 4:
            height, width, inputs, outputs = weight.shape
            limit = math.sqrt(6 / (height * width * (inputs + outputs)))
            weight.assign(random.uniform(-limit, limit, weight.shape))
