"""Weights that travel inside the package, checked before they are used."""

import hashlib
import os
import pathlib

import numpy as np

from fast_depth_style.requests import RequestError

FOLDER = pathlib.Path(__file__).parent / "weights"
_SUMS = "SHA256SUMS"


def read_shipped_weights(
    name: str, folder: str | os.PathLike = FOLDER
) -> dict[str, np.ndarray]:
    """Reads a shipped weight file after comparing its SHA-256.

    Args:
        name: File name inside `folder`, such as "compact_depth.npz".
        folder: Where the file and SHA256SUMS (as `sha256sum` writes it) lie.

    Returns:
        Its arrays as float32, by name.

    Raises:
        RequestError: The file is missing, damaged, or has no digest.
    """
    path = pathlib.Path(folder) / name
    advice = "reinstall the package, or make it again with tools/distill.py"
    if not path.is_file():
        raise RequestError(f"shipped weights {path} are missing: {advice}")
    if _digests(path.parent).get(name) != _sha256(path):
        raise RequestError(
            f"shipped weights {path} are damaged (SHA-256 differs from "
            f"{_SUMS}): {advice}"
        )
    with np.load(path) as file:
        return {key: file[key].astype(np.float32) for key in file.files}


def write_shipped_weights(
    name: str,
    arrays: dict[str, np.ndarray],
    folder: str | os.PathLike = FOLDER,
) -> pathlib.Path:
    """Writes `arrays` as float16 and records the digest of the file.

    Only this file's own line of SHA256SUMS changes.

    Args:
        name: File name inside `folder`.
        arrays: Arrays by name.
        folder: Made where it does not exist.

    Returns:
        The path of the file.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    aside = folder / f".{name}"
    with aside.open("wb") as file:
        np.savez_compressed(
            file, **{k: np.asarray(v, np.float16) for k, v in arrays.items()}
        )
    digests = {**_digests(folder), name: _sha256(aside)}
    aside.replace(path)
    aside = folder / f".{_SUMS}"
    aside.write_text(
        "".join(f"{digests[key]}  {key}\n" for key in sorted(digests))
    )
    aside.replace(folder / _SUMS)
    return path


def _sha256(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digests(folder: pathlib.Path) -> dict[str, str]:
    """The lines of SHA256SUMS, {file name: digest}."""
    if not (folder / _SUMS).is_file():
        return {}
    lines = (folder / _SUMS).read_text().splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return {name.strip().lstrip("*"): digest for digest, name in pairs}
