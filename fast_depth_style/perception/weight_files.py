"""Pretrained weights from files and from Keras Applications."""

import os
import pathlib
import socket
import zipfile
from collections.abc import Mapping

import h5py
import keras
import numpy as np

from fast_depth_style.requests import RequestError

_STALLED_SECONDS = 30


def read_convolutions(
    file: str | os.PathLike,
    shapes: Mapping[str, tuple[int, int, int, int]],
    network: str,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Reads the convolutions of a network.

    Args:
        file: `.npz` with keys `NAME/kernel` and `NAME/bias`, or `.h5` as Keras
            writes it, with both anywhere below the group NAME.
        shapes: {NAME: shape of its kernel} of those that are needed.
        network: Whose weights they are, for the messages.

    Returns:
        {name: (kernel, bias)}.

    Raises:
        RequestError: The file cannot be read, lacks one, or is of another
            network.
    """
    path = pathlib.Path(file)
    if not path.is_file():
        raise RequestError(f"no {network} weight file at {path}")
    read = {".npz": _read_npz, ".h5": _read_h5, ".hdf5": _read_h5}
    if path.suffix not in read:
        raise RequestError(f"{path}: {network} weights are an .npz or .h5 file")
    try:
        arrays = read[path.suffix](path, shapes)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise RequestError(
            f"cannot read {network} weights from {path}: {error}"
        ) from error
    missing = [n for n in shapes if n not in arrays]
    if missing:
        raise RequestError(
            f"{path} has no weights for {missing[0]}; ask for shallower"
            " layers or give a deeper weight file"
        )
    for name, shape in shapes.items():
        kernel, bias = arrays[name]
        if kernel.shape != shape or bias.shape != shape[-1:]:
            raise RequestError(
                f"{path}: {name} has shape {kernel.shape}, {network} has"
                f" {shape}; give a {network} weight file"
            )
    return arrays


def download_application(name: str, advice: str) -> keras.Model:
    """A network of Keras Applications with ImageNet weights, without its top.

    Args:
        name: Such as "VGG19".
        advice: What else may be given, for the message.

    Raises:
        RequestError: The weights cannot be downloaded.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_STALLED_SECONDS)
    try:
        return getattr(keras.applications, name)(
            include_top=False, weights="imagenet"
        )
    # Keras raises a bare Exception when the download fails.
    except Exception as error:
        raise RequestError(
            f"cannot download {name}'s ImageNet weights: connect once, or give"
            f" {advice} ({' '.join(str(error).split())})"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def _read_npz(path, names):
    file = np.load(path)
    if isinstance(file, np.ndarray):
        raise ValueError("it is a single array, not an archive of named ones")
    with file:
        return {
            n: (file[f"{n}/kernel"], file[f"{n}/bias"])
            for n in names
            if {f"{n}/kernel", f"{n}/bias"} <= {*file.files}
        }


def _read_h5(path, names):
    arrays = {}
    with h5py.File(path) as file:
        for name in (n for n in names if n in file):
            found = []
            file[name].visititems(
                lambda _, item, found=found: (
                    found.append(item[()])
                    if isinstance(item, h5py.Dataset)
                    else None
                )
            )
            # Kernel before bias, by rank: their names differ between versions.
            found.sort(key=np.ndim, reverse=True)
            if len(found) == 2:
                arrays[name] = tuple(found)
    return arrays
