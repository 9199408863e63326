"""Weights shipped with the package, verified by SHA-256."""

import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from fast_depth_style import files
from fast_depth_style.errors import RequestError

FOLDER = pathlib.Path(__file__).parent / "weights"
_SUMS = "SHA256SUMS"


def read_shipped_weights(
    name: str, folder: str | os.PathLike[str] = FOLDER
) -> dict[str, np.ndarray]:
    """Reads the arrays of the .npz file `name` in `folder`, as float32.

    Raises:
        RequestError: The file is missing, or its SHA-256 is not that in
            SHA256SUMS (as `sha256sum` writes it) beside it.
    """
    path = pathlib.Path(folder) / name
    if not path.is_file():
        problem = "are missing"
    elif files.is_lfs_pointer(path):
        problem = "are a git-LFS pointer: run `git lfs pull`"
    elif _digests(path.parent).get(name) != files.digest(path):
        problem = f"are damaged (SHA-256 differs from {_SUMS})"
    else:
        arrays = files.read_arrays(path)
        return {name: array.astype("f4") for name, array in arrays.items()}
    raise RequestError(
        f"shipped weights {path} {problem}: reinstall the package"
    )


def write_shipped_weights(
    name: str,
    arrays: Mapping[str, np.ndarray],
    folder: str | os.PathLike[str] = FOLDER,
) -> pathlib.Path:
    """Writes `arrays` as float16 to the .npz file `name` in `folder`.

    Its digest is recorded: only its own line of SHA256SUMS changes.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with files.replacing(path) as aside:
        halves: Any = {k: np.asarray(v, "float16") for k, v in arrays.items()}
        np.savez_compressed(aside, **halves)
    digests = {**_digests(folder), name: files.digest(path)}
    lines = [f"{digests[key]}  {key}\n" for key in sorted(digests)]
    files.write_text(folder / _SUMS, "".join(lines))
    return path


def set_weights(body: Any, arrays: Mapping[str, np.ndarray]) -> None:
    """Sets weights of a Keras model: those named LAYER/kernel, LAYER/bias."""
    for layer in body.layers:
        if layer.weights:
            kinds = ("kernel", "bias")
            layer.set_weights([arrays[f"{layer.name}/{k}"] for k in kinds])


def _digests(folder: pathlib.Path) -> dict[str, str]:
    """The lines of SHA256SUMS, {file name: digest}."""
    sums = folder / _SUMS
    words = sums.read_text().split() if sums.is_file() else []
    return dict(zip(words[1::2], words[::2], strict=False))
