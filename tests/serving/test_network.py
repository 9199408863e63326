import json

import numpy as np
import pytest

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.requests import RequestError
from fast_depth_style.serving.network import read_network
from fast_depth_style.serving.saved_model import export_saved_model


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    network = Transformer(width=0.1, blocks=2)
    network.build()
    random = np.random.default_rng(0)
    for weight in network.variables:
        weight.assign(random.normal(0, 0.1, weight.shape))
    folder = tmp_path_factory.mktemp("models") / "wave"
    export_saved_model(network, folder, {"name": "W"})
    return network, folder


def test_every_weight_comes_back_to_its_place(exported):
    network, folder = exported

    for path in (folder, folder / "1"):
        read = read_network(path)
        assert read.get_config() == network.get_config()
        for weight, expected in zip(
            read.get_weights(), network.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(weight, expected)


def test_a_model_without_its_card_is_refused(exported):
    _, folder = exported
    card = folder / "card.json"
    text = card.read_text()
    try:
        card.unlink()
        with pytest.raises(RequestError, match="does not describe"):
            read_network(folder)
        described = json.loads(text)
        described["network"]["width"] = 0.2
        card.write_text(json.dumps(described))
        with pytest.raises(RequestError, match="another network"):
            read_network(folder)
    finally:
        card.write_text(text)
