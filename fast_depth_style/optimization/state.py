"""The folder beside a picture: how far it is, and what it is."""

import dataclasses
import json
import pathlib
import tempfile

import numpy as np

from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.requests import RequestError


@dataclasses.dataclass(frozen=True, eq=False)
class State:
    """How far a picture is.

    Attributes:
        done: Iterations done.
        scale: Index of the size at which the picture is.
        picture: (height, width, 3) float32 RGB, about 0..255.
    """

    done: int
    scale: int
    picture: np.ndarray


def state_folder(output: pathlib.Path) -> pathlib.Path:
    """The folder of the picture `output`: wave.run for wave.jpg."""
    return output.with_suffix(".run")


def require_writable(output: pathlib.Path) -> None:
    """Checks that the picture can be written; leaves nothing behind.

    Raises:
        RequestError: It cannot.
    """
    try:
        with tempfile.TemporaryFile(dir=output.parent):
            pass
    except OSError as error:
        raise RequestError(
            f"--output={output} cannot be written ({error.strerror}): name a"
            " picture in a folder of your own"
        ) from error


def require_same_picture(
    folder: pathlib.Path, settings: OptimizationSettings
) -> None:
    """Checks that the folder holds no other picture's state.

    More iterations, and other ones kept for the strip, are the same picture.

    Raises:
        RequestError: It does; the message shows each setting that differs.
    """
    path = folder / "settings.json"
    if not path.exists():
        return
    try:
        stored = json.loads(path.read_text())
        fewer = stored["iterations"] > settings.iterations
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise RequestError(
            f"{path} is not this program's ({error}): give another --output"
        ) from error
    given = settings.to_json()
    changed = [
        f"{name} was {stored.get(name)} and is now {value}"
        for name, value in given.items()
        if stored.get(name) != value
        and name != "strip_at"
        and (name != "iterations" or fewer)
    ]
    if changed:
        raise RequestError(
            f"{folder} holds a picture of other settings"
            f" ({', '.join(changed)}): give these back, another --output, or"
            " delete the folder"
        )


def read_state(folder: pathlib.Path) -> State | None:
    """The newest state; None where there is none.

    Raises:
        RequestError: The file is damaged.
    """
    path = folder / "state.npz"
    if not path.exists():
        return None
    try:
        with np.load(path) as file:
            return State(int(file["done"]), int(file["scale"]), file["picture"])
    # NumPy lets through what zipfile and zlib raise.
    except Exception as error:
        raise RequestError(
            f"{path} cannot be read: delete {folder} to begin again"
        ) from error


def write_state(folder: pathlib.Path, state: State) -> None:
    """Writes a state in the place of the one before."""
    aside = folder / ".state.npz"
    with aside.open("wb") as file:
        np.savez(
            file, done=state.done, scale=state.scale, picture=state.picture
        )
    aside.replace(folder / "state.npz")
