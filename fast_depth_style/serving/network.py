"""The network inside an exported model, to train on or to export again."""

import json
import pathlib

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.requests import RequestError
from fast_depth_style.serving.saved_model import find_model, read_model


def read_network(path: str | pathlib.Path) -> Transformer:
    """Reads the network of an exported model.

    Args:
        path: As for `read_model`; the model's card.json must lie beside its
            versions, where the export put it.

    Returns:
        A built float32 network with the model's weights.

    Raises:
        RequestError: There is no such model, or no card, or they do not
            belong together.
    """
    model = read_model(path)  # Its variables live no longer than it does.
    variables = model.signatures["serving_default"].variables
    card = find_model(pathlib.Path(path)).parent / "card.json"
    try:
        described = json.loads(card.read_text())["network"]
        network = Transformer(described["width"], described["blocks"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(
            f"{card} does not describe the model's network ({error}): copy"
            " models with the card that their export wrote"
        ) from error
    network.build()
    weights = {_place(v.name): v for v in variables}
    for weight in network.variables:
        saved = weights.get(_place(weight.path))
        if saved is None or saved.shape != tuple(weight.shape):
            raise RequestError(
                f"{card} describes another network than the model holds: they"
                f" differ at {_place(weight.path)}"
            )
        weight.assign(saved)
    return network


def _place(name: str) -> str:
    """`layer/weight` of a variable, without the network's own name."""
    return name.partition(":")[0].partition("/")[2]
