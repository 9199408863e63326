"""Cards of the networks that the package brings. Imports nothing heavy."""

import json
import os
import pathlib
from typing import Any

from fast_depth_style.errors import RequestError

SHIPPED = "shipped"
MOBILE = "shipped_mobile"
"""Names of the network, and of a small one of the same styles, wherever a model
is asked for."""

_HERE = pathlib.Path(__file__).parent
FOLDERS = {SHIPPED: _HERE / "styles", MOBILE: _HERE / "styles_mobile"}
FOLDER = FOLDERS[SHIPPED]
CARD = "card.json"
WEIGHTS = "styles.npz"


def shipped_folder(model: Any) -> pathlib.Path | None:
    """Folder of a network of the package by its name, None for all else."""
    return FOLDERS.get(model) if isinstance(model, str) else None


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


def shipped_styles(name: str = SHIPPED) -> list[str]:
    """Names of the styles of a network of the package."""
    return shipped_card(FOLDERS[name])["network"]["styles"]
