"""Weights of pretrained networks from files and downloads."""

import contextlib
import os
import pathlib
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fast_depth_style import files
from fast_depth_style.errors import RequestError, one_line

_STALLED_SECONDS = 30


def read_convolutions(
    file: str | os.PathLike[str],
    shapes: Mapping[str, tuple[int, int, int, int]],
    network: str,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Reads the convolutions of a network, {NAME: (kernel, bias)}.

    Args:
        file: `.npz` with keys `NAME/kernel` and `NAME/bias`; `.h5` as Keras 2
            wrote it, with both below the group NAME; or `.weights.h5` of
            Keras 3.
        shapes: {NAME: shape of its kernel} of those that are needed.
        network: Whose weights they are, for the messages.

    Raises:
        RequestError: The file cannot be read, lacks one, or is of another
            network.
    """
    path = pathlib.Path(file)
    with damaged_files_named(path, network):
        if path.suffix == ".npz":
            arrays = files.read_arrays(path)
            found = {
                name: [arrays.get(f"{name}/{k}") for k in ("kernel", "bias")]
                for name in shapes
            }
        elif path.suffix in (".h5", ".hdf5"):
            found = _read_h5(path, shapes)
        else:
            raise ValueError("it is to be an .npz or .h5 file")
    convolutions = {}
    for name, shape in shapes.items():
        kernel, bias = found.get(name) or (None, None)
        if np.shape(kernel) != shape or np.shape(bias) != shape[-1:]:
            raise RequestError(
                f"{path} has no weights of shape {shape} for {name}: ask for"
                f" shallower layers or give a complete {network} weight file"
            )
        convolutions[name] = (kernel, bias)
    return convolutions


@contextlib.contextmanager
def damaged_files_named(path: pathlib.Path, network: str) -> Iterator[None]:
    """Makes a RequestError of whatever reading a weight file in it raises."""
    if not path.is_file():
        raise RequestError(f"no {network} weight file at {path}")
    if files.is_lfs_pointer(path):
        raise RequestError(
            f"{path} is a git-LFS pointer, not {network}'s weights: run"
            " `git lfs pull` where it came from"
        )
    try:
        yield
    # Which exception it is depends on the kind of file and what is wrong.
    except Exception as error:
        raise RequestError(
            f"cannot read {network} weights from {path}, which is damaged or"
            f" another kind of file: {one_line(error)[:200]}"
        ) from error


def download(url: str, md5: str, network: str, instead: str) -> pathlib.Path:
    """A network's weight file of Keras Applications, kept in ~/.keras/models.

    The message of a failure says what to give `instead`.
    """
    import keras

    with download_failures_named(f"{network}'s ImageNet weights", instead):
        options = {"cache_subdir": "models", "file_hash": md5}
        return pathlib.Path(keras.utils.get_file(origin=url, **options))


@contextlib.contextmanager
def download_failures_named(what: str, instead: str) -> Iterator[None]:
    """Ends a stalled download, and makes a RequestError of any failure."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_STALLED_SECONDS)
    try:
        yield
    # Keras raises a bare Exception when a download fails.
    except Exception as error:
        raise RequestError(
            f"cannot download {what}: check the network, or give {instead}"
            f" ({one_line(error)})"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def _read_h5(path, names):
    """{name: [kernel, bias]} of the layers among `names` that are there."""
    import h5py

    with h5py.File(path) as file:
        root = file.get("model_weights", file)
        groups = {name: root[name] for name in names if name in root}
        # Keras 3 numbers layers and keeps their names aside.
        for layer in file.get("layers", {}).values():
            groups.setdefault(layer["vars"].attrs.get("name"), layer["vars"])
        found = {}
        for name in {*names} & {*groups}:
            items: list[Any] = []
            groups[name].visititems(lambda _, item, to=items: to.append(item))
            arrays = [i[()] for i in items if isinstance(i, h5py.Dataset)]
            # By rank: names of kernel and bias differ between versions.
            arrays.sort(key=np.ndim, reverse=True)
            if len(arrays) == 2:
                found[name] = arrays
        return found
