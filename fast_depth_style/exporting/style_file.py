"""Style files: vectors of one more style for a network that is there already.

An .npz of some kilobytes: the rows of the style in the network's table (base
and dials), the digest of the convolutions that they were learned with, and a
card.
"""

import hashlib
import json
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)

SUFFIX = ".style"


def network_digest(network: ImageTransformationNetwork) -> str:
    """SHA-256 of a network's convolutions, of all bytes as float16."""
    digest = hashlib.sha256()
    for weight in network.variables:
        if weight is not network.table:
            digest.update(np.asarray(weight, "float16").tobytes())
    return digest.hexdigest()


def write_style(
    network: ImageTransformationNetwork,
    style: str,
    path: str | os.PathLike[str],
    card: dict[str, Any],
) -> None:
    """Writes one style of a network as a file, whole or not at all."""
    rows = np.asarray(network.table)[network.styles.index(style)]
    card = card | {"network": network_digest(network)}
    with (
        files.replacing(pathlib.Path(path)) as aside,
        aside.open("wb") as file,
    ):
        np.savez_compressed(
            file, rows=rows.astype("float16"), card=json.dumps(card)
        )


def add_styles(
    network: ImageTransformationNetwork, paths: Sequence[pathlib.Path]
) -> ImageTransformationNetwork:
    """The network with the styles of files behind its own, by their paths.

    Raises:
        RequestError: A file is not there, damaged, or of another network.
    """
    if not paths:
        return network
    table = np.asarray(network.table)
    rows = [_read(path, network) for path in paths]
    config = network.get_config()
    config["styles"] = [*config["styles"], *map(os.fspath, paths)]
    larger = ImageTransformationNetwork(**config)
    larger.build()
    for one, other in zip(larger.variables, network.variables, strict=True):
        if one is not larger.table:
            one.assign(other)
    larger.table.assign(np.concatenate([table, np.stack(rows)]))
    return larger


def _read(
    path: pathlib.Path, network: ImageTransformationNetwork
) -> np.ndarray:
    shown = files.printable(path)
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
        rows.shape != tuple(network.table.shape)[1:]
        or card.get("network") != network_digest(network)
        or not np.isfinite(rows).all()
    ):
        raise RequestError(
            f"{shown}: belongs to another network than the one that is asked to"
            " paint: train it anew with --initial_model of that network"
        )
    return rows
