"""Style files: the vectors of one style for a network that exists already.

An .npz of some kilobytes: the style's rows of the network's table (base and
dials), the digest of the network's convolutions, and a card. Imports nothing
heavy.
"""

import hashlib
import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fast_depth_style import files
from fast_depth_style.errors import RequestError

if TYPE_CHECKING:
    from fast_depth_style.networks.image_transformation import (
        ImageTransformationNetwork,
    )

SUFFIX = ".style"
_TABLE = "table"


def weights_digest(weights: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of a network's convolutions as float16."""
    digest = hashlib.sha256()
    for name, weight in weights.items():
        if name != _TABLE:
            digest.update(np.asarray(weight, "float16").tobytes())
    return digest.hexdigest()


def write_style(
    network: "ImageTransformationNetwork",
    style: str,
    path: str | os.PathLike[str],
    card: dict[str, Any],
) -> None:
    """Writes one style of a network as a file, whole or not at all."""
    weights = network.named_weights()
    rows = weights[_TABLE][network.styles.index(style)]
    card = card | {"network": weights_digest(weights)}
    with (
        files.replacing(pathlib.Path(path)) as aside,
        aside.open("wb") as file,
    ):
        np.savez_compressed(
            file, rows=rows.astype("float16"), card=json.dumps(card)
        )


def with_styles(
    weights: Mapping[str, np.ndarray], paths: Sequence[pathlib.Path]
) -> dict[str, np.ndarray]:
    """Appends style files to a network's table; returns all its weights.

    RequestError for a file that is missing, damaged or of another network.
    """
    table, digest = weights[_TABLE], weights_digest(weights)
    rows = [_read(path, table.shape[1:], digest)[None] for path in paths]
    return {**weights, _TABLE: np.concatenate([table, *rows])}


def add_styles(
    network: "ImageTransformationNetwork", paths: Sequence[pathlib.Path]
) -> "ImageTransformationNetwork":
    """A copy of a network with more styles, named by the paths of their files.

    RequestError as in `with_styles`.
    """
    weights = with_styles(network.named_weights(), paths)
    config = network.get_config()
    config["styles"] = [*config["styles"], *map(os.fspath, paths)]
    larger = type(network)(**config)
    larger.build()
    for variable, weight in zip(
        larger.variables, weights.values(), strict=True
    ):
        variable.assign(weight)
    return larger


def _read(
    path: pathlib.Path, shape: tuple[int, ...], digest: str
) -> np.ndarray:
    shown = files.printable(path)
    if files.is_lfs_pointer(path):
        raise RequestError(
            f"{shown}: a git-LFS pointer, not the style: run git lfs pull"
        )
    if path.exists() and not path.is_file():  # A pipe would be waited for.
        raise RequestError(f"{shown}: not a regular file")
    try:
        found = files.read_arrays(path)
        rows = np.asarray(found["rows"], "float32")
        card = dict(json.loads(str(found["card"])))
    except FileNotFoundError as error:
        raise RequestError(f"{shown}: no such style file") from error
    except (ValueError, LookupError, TypeError) as error:
        raise RequestError(f"{shown}: not a style file ({error})") from error
    if (
        rows.shape != shape
        or card.get("network") != digest
        or not np.isfinite(rows).all()
    ):
        raise RequestError(
            f"{shown}: belongs to another network than the one that is asked to"
            " paint: train it anew with --initial_model of that network"
        )
    return rows
