"""The card of the network that the package brings. Imports nothing heavy."""

import json
import os
import pathlib
from typing import Any

from fast_depth_style.errors import RequestError

SHIPPED = "shipped"
"""Names the network wherever a model is asked for."""

FOLDER = pathlib.Path(__file__).parent / "styles"
CARD = "card.json"
WEIGHTS = "styles.npz"


def shipped_card(folder: str | os.PathLike[str] = FOLDER) -> dict[str, Any]:
    """The network's configuration, its styles first, and what made it.

    Raises:
        RequestError: The file is missing or damaged.
    """
    path = pathlib.Path(folder) / CARD
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError(
            f"shipped styles {path} are damaged ({error}): reinstall the"
            " package"
        ) from error


def shipped_styles() -> list[str]:
    """Names of the shipped styles."""
    return shipped_card()["network"]["styles"]
