"""Checkpoints: named arrays in one file, readable on every backend."""

import pathlib
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fast_depth_style import files
from fast_depth_style.errors import NotFiniteError

_KEEP = 2
_NAME = re.compile(r"step_(\d+)\.npz$")

RETRY = (
    "start again in another workdir with a lower --learning_rate, or with"
    " --mixed_precision=false"
)
"""What may help a run that diverged."""


def save_checkpoint(
    folder: pathlib.Path, step: int, variables: Mapping[str, Any]
) -> pathlib.Path:
    """Writes the state of a run after `step` steps; keeps the newest two.

    `variables` come from `named`. The data position and the random state follow
    from the step and the seed. A weight that is not finite raises
    `NotFiniteError`, and nothing is written.
    """
    arrays = {name: np.array(value) for name, value in variables.items()}
    for name, array in arrays.items():
        if not np.all(np.isfinite(array)):
            raise NotFiniteError(
                f"training diverged: weight {name} is not finite after step"
                f" {step}, which was not kept; {RETRY}"
            )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step_{step:07d}.npz"
    with files.replacing(path) as aside, aside.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    for old in checkpoints(folder)[:-_KEEP]:
        old.unlink()
    return path


def named(prefix: str, variables: Sequence[Any]) -> dict[str, Any]:
    """Names variables by position, which is the same on every backend."""
    return {f"{prefix}/{i:03d}": v for i, v in enumerate(variables)}


def checkpoints(folder: pathlib.Path) -> list[pathlib.Path]:
    """The checkpoint files of a folder, oldest first."""
    return sorted(p for p in folder.glob("step_*.npz") if _NAME.search(p.name))


def checkpoint_step(path: pathlib.Path) -> int:
    """How many steps a checkpoint file holds."""
    match = _NAME.search(path.name)
    assert match, path
    return int(match.group(1))


def restore_newest(folder: pathlib.Path, variables: Mapping[str, Any]) -> int:
    """Restores the newest checkpoint that can be read.

    One that cannot be read is named on stderr, and the one before it taken; a
    `ValueError` where none can be.

    Returns:
        Steps done; 0 where there is no checkpoint.
    """
    found = checkpoints(folder)
    for path in reversed(found):
        try:
            restore(path, variables)
        except ValueError as error:
            if path == found[0]:
                raise
            print(f"{error}; going on from the one before it", file=sys.stderr)
        else:
            return checkpoint_step(path)
    return 0


def restore(path: pathlib.Path, variables: Mapping[str, Any]) -> None:
    """Reads a checkpoint or a part of it; `ValueError` if it does not fit."""
    try:
        arrays = files.read_arrays(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot read checkpoint {path}: {error}") from error
    for name, variable in variables.items():
        found = arrays.get(name)
        if found is None or found.shape != tuple(variable.shape):
            raise ValueError(f"{path} does not fit this run at {name}")
    for name, variable in variables.items():
        variable.assign(arrays[name])
