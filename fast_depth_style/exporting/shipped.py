"""The networks of all styles that the package brings.

Each is a folder of `FOLDERS`: float16 weights with their SHA-256, and a card.
"""

import functools
import os
import pathlib
from typing import Any

from fast_depth_style import files
from fast_depth_style.exporting.shipped_card import (
    CARD,
    FOLDER,
    WEIGHTS,
    shipped_card,
)
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.perception.shipped_weights import (
    read_shipped_weights,
    write_shipped_weights,
)


@functools.lru_cache(maxsize=2)
def read_shipped(
    folder: str | os.PathLike[str] = FOLDER,
) -> ImageTransformationNetwork:
    """Reads a network, built and float32; the same object every time.

    Raises:
        RequestError: A file is missing or damaged.
    """
    arrays = read_shipped_weights(WEIGHTS, folder)
    network = ImageTransformationNetwork(**shipped_card(folder)["network"])
    network.build()
    for weight, name in zip(
        network.variables, network.named_weights(), strict=True
    ):
        weight.assign(arrays[name])
    return network


def write_shipped(
    network: ImageTransformationNetwork,
    card: dict[str, Any],
    folder: str | os.PathLike[str] = FOLDER,
) -> None:
    """Writes a network and its card as what `read_shipped` reads."""
    write_shipped_weights(WEIGHTS, network.named_weights(), folder)
    card = card | {"network": network.get_config()}
    files.write_json(pathlib.Path(folder) / CARD, card)
