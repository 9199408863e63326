"""Checkpoints: the state of a run in one file, readable on every backend."""

import os
import pathlib
import re
import zipfile
import zlib

import numpy as np
from keras import ops

_KEEP = 2
_NAME = re.compile(r"step_(\d+)\.npz$")


RETRY = (
    "start again in another workdir with a lower --learning_rate, or with"
    " --mixed_precision=false"
)
"""What may help a run that diverged."""


class NotFiniteError(RuntimeError):
    """A weight or a loss is NaN or infinite."""


def save_checkpoint(folder: pathlib.Path, step: int, trainer) -> pathlib.Path:
    """Writes network and optimizer after `step` steps, aside and renamed.

    A run that is killed while it writes keeps its previous checkpoint. The
    data position and the random state follow from the step and the seed.

    Args:
        folder: Where checkpoints lie; only the newest two are kept.
        step: Steps done.
        trainer: A compiled `StyleTrainer` whose optimizer is built.

    Returns:
        The file.

    Raises:
        NotFiniteError: A weight is not finite; nothing is written.
    """
    arrays = {k: ops.convert_to_numpy(v) for k, v in _state(trainer).items()}
    for name, array in arrays.items():
        if not np.all(np.isfinite(array)):
            raise NotFiniteError(
                f"training diverged: weight {name} is not finite after step"
                f" {step}, which was not kept; {RETRY}"
            )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step_{step:07d}.npz"
    # One name for all: what a killed run left is overwritten.
    aside = folder / ".checkpoint.tmp"
    try:
        with aside.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    for old in checkpoints(folder)[:-_KEEP]:
        old.unlink()
    return path


def checkpoints(folder: pathlib.Path) -> list[pathlib.Path]:
    """The checkpoint files of a folder, oldest first."""
    return sorted(p for p in folder.glob("step_*.npz") if _NAME.search(p.name))


def checkpoint_step(path: pathlib.Path) -> int:
    """How many steps a checkpoint file holds."""
    return int(_NAME.search(path.name).group(1))


def restore_checkpoint(path: pathlib.Path, trainer) -> None:
    """Reads a checkpoint into a trainer of the same settings.

    Raises:
        ValueError: The file is no checkpoint of such a trainer.
    """
    variables = _state(trainer)
    arrays = read_checkpoint(path)
    for name, variable in variables.items():
        if name not in arrays or arrays[name].shape != tuple(variable.shape):
            raise ValueError(f"{path} does not fit this run at {name}")
        variable.assign(arrays[name])


def read_checkpoint(path: pathlib.Path) -> dict[str, np.ndarray]:
    """Reads the arrays of a checkpoint, by name.

    Raises:
        ValueError: The file cannot be read.
    """
    try:
        with np.load(path) as file:
            return {name: file[name] for name in file.files}
    except (
        OSError,
        ValueError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(f"cannot read checkpoint {path}: {error}") from error


def restore_network(path: pathlib.Path, network) -> None:
    """Reads only the network's weights from a checkpoint.

    Raises:
        ValueError: The file holds other weights.
    """
    arrays = read_checkpoint(path)
    for name, variable in _named("network", network.variables).items():
        if name not in arrays or arrays[name].shape != tuple(variable.shape):
            raise ValueError(f"{path} does not fit the network at {name}")
        variable.assign(arrays[name])


def _state(trainer):
    return _named("network", trainer.network.variables) | _named(
        "optimizer", trainer.optimizer.variables
    )


def _named(prefix, variables):
    # By position: names of variables differ between backends, order does not.
    return {f"{prefix}/{i:03d}": v for i, v in enumerate(variables)}
