"""Style files: vectors of one more style for a network that is there already.

An .npz of some kilobytes: the rows of the style in the network's table (base
and dials), the digest of the convolutions that they were learned with, and a
card. Imports nothing heavy.
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
    """SHA-256 of a network's convolutions, of all bytes as float16."""
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
    """A network's weights, its table with the rows of style files behind.

    Raises:
        RequestError: A file is not there, damaged, or of another network.
    """
    table, digest = weights[_TABLE], weights_digest(weights)
    rows = [_read(path, table.shape[1:], digest)[None] for path in paths]
    return {**weights, _TABLE: np.concatenate([table, *rows])}


def add_styles(
    network: "ImageTransformationNetwork", paths: Sequence[pathlib.Path]
) -> "ImageTransformationNetwork":
    """The network with the styles of files behind its own, by their paths.

    Raises:
        RequestError: As `with_styles`.
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
        with np.load(path) as found:
            rows = np.asarray(found["rows"], "float32")
            card = json.loads(str(found["card"]))
    except FileNotFoundError as error:
        raise RequestError(f"{shown}: no such style file") from error
    # NumPy lets through what zipfile, zlib and the parser of headers raise.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise RequestError(f"{shown}: not a style file ({reason})") from error
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
