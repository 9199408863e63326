import json
import shutil

import numpy as np
import pytest

from fast_depth_style.requests import RequestError
from fast_depth_style.serving.network import read_network


def test_every_weight_comes_back_to_its_place(small_network, small_model):
    for path in (small_model, small_model / "1"):
        read = read_network(path)
        assert read.get_config() == small_network.get_config()
        for weight, expected in zip(
            read.get_weights(), small_network.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(weight, expected)


def test_a_model_without_its_card_is_refused(small_model, tmp_path):
    folder = shutil.copytree(small_model, tmp_path / "copy")
    card = folder / "card.json"
    described = json.loads(card.read_text())
    card.unlink()
    with pytest.raises(RequestError, match="does not describe"):
        read_network(folder)
    described["network"]["width"] = 0.2
    card.write_text(json.dumps(described))
    with pytest.raises(RequestError, match="another network"):
        read_network(folder)
