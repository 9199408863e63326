"""The network that the package brings: its file, and what is refused."""

import numpy as np
import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped import read_shipped, write_shipped
from fast_depth_style.exporting.shipped_card import shipped_card


def test_what_was_written_is_read_as_float16(styled_network, tmp_path):
    write_shipped(styled_network, {"command": "make it"}, tmp_path)

    network = read_shipped(tmp_path)

    assert network.get_config() == styled_network.get_config()
    assert shipped_card(tmp_path)["command"] == "make it"
    for one, other in zip(
        network.get_weights(), styled_network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other.astype("f2").astype("f4"))
    assert read_shipped(tmp_path) is network


@pytest.mark.parametrize("name", ["styles.npz", "card.json"])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_damage_is_one_line(styled_network, tmp_path, name, damage):
    write_shipped(styled_network, {}, tmp_path)
    path = tmp_path / name
    data = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])

    with pytest.raises(RequestError, match="reinstall the package") as refused:
        read_shipped(tmp_path)
    assert "\n" not in str(refused.value)
