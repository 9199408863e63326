"""A teacher with random weights, for tests of how one is learned from."""

import numpy as np
import pytest

_CHANNELS = {1: (3, 64), 2: (64, 128), 3: (128, 256)}


@pytest.fixture(scope="session")
def vgg19_file(tmp_path_factory):
    """VGG19 as far as conv3_4, with random weights."""
    draw = np.random.default_rng(0)
    arrays = {}
    for block, convs in ((1, 2), (2, 2), (3, 4)):
        before, channels = _CHANNELS[block]
        for conv in range(1, convs + 1):
            shape = (3, 3, before if conv == 1 else channels, channels)
            kernel = draw.normal(size=shape) * np.sqrt(2 / np.prod(shape[:3]))
            arrays[f"block{block}_conv{conv}/kernel"] = kernel.astype("f")
            arrays[f"block{block}_conv{conv}/bias"] = np.zeros(channels, "f")
    path = tmp_path_factory.mktemp("vgg19") / "random.npz"
    np.savez(path, **arrays)
    return str(path)
