"""A small exported model with random weights."""

import keras
import pytest

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.serving.saved_model import (
    export_saved_model,
    read_model,
)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    keras.utils.set_random_seed(0)
    network = Transformer(width=0.1, blocks=2)
    network.build()
    folder = tmp_path_factory.mktemp("models") / "random"
    export_saved_model(network, folder, {"name": "Random"})
    return read_model(folder)
