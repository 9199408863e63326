"""The folder of a run: whether it may be used, and what it is a run of."""

import json
import pathlib
import shutil
import tempfile

from fast_depth_style.requests import RequestError
from fast_depth_style.training.settings import Settings


def require_writable(workdir: pathlib.Path) -> None:
    """Checks that files can be written there; leaves nothing behind.

    Args:
        workdir: A folder, or where one is to be made.

    Raises:
        RequestError: They cannot.
    """
    try:
        with tempfile.TemporaryFile(dir=_existing(workdir)):
            pass
    except OSError as error:
        raise RequestError(
            f"--workdir={workdir} cannot be written ({error.strerror}): name"
            " a folder of your own"
        ) from error


def require_space(workdir: pathlib.Path, needed: int) -> None:
    """Checks that the disk has room.

    Args:
        workdir: A folder, or where one is to be made.
        needed: Bytes.

    Raises:
        RequestError: It has not.
    """
    free = shutil.disk_usage(_existing(workdir)).free
    if free < needed:
        raise RequestError(
            f"--workdir={workdir} has {free >> 20} MiB free, a run needs"
            f" {needed >> 20} MiB: make room or name another disk"
        )


def read_settings(workdir: pathlib.Path) -> Settings | None:
    """What the folder holds a run of; None where it holds none.

    Raises:
        RequestError: It holds something else.
    """
    path = workdir / "settings.json"
    if not path.exists():
        return None
    try:
        return Settings.from_json(json.loads(path.read_text()))
    except (ValueError, TypeError, KeyError) as error:
        raise RequestError(
            f"{path} is not this program's ({error}): give another --workdir"
        ) from error


def write_settings(workdir: pathlib.Path, settings: dict) -> None:
    """Makes the folder that of a run of these settings, JSON-ready values."""
    workdir.mkdir(parents=True, exist_ok=True)
    aside = workdir / ".settings.json"
    aside.write_text(json.dumps(settings, indent=2) + "\n")
    aside.replace(workdir / "settings.json")


def require_same_run(workdir: pathlib.Path, settings: Settings) -> None:
    """Checks that the folder holds no other run; more steps are the same run.

    Raises:
        RequestError: It does; the message shows each setting that differs.
    """
    stored = read_settings(workdir)
    if stored is None:
        return
    changed = stored.differences(settings)
    if settings.steps >= stored.steps:
        changed.pop("steps", None)
    if changed:
        text = ", ".join(
            f"{name} was {old} and is now {new}"
            for name, (old, new) in changed.items()
        )
        raise RequestError(
            f"--workdir={workdir} holds a run of other settings ({text}):"
            " give these back or another workdir"
        )


def _existing(path):
    """The path itself, or the nearest folder above it that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
