"""The folder of a run: its settings, its sources, its lock."""

import contextlib
import fcntl
import json
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from fast_depth_style import files
from fast_depth_style.errors import RequestError

SETTINGS = "settings.json"
_SOURCES = "learned_from"


def read_settings(folder: pathlib.Path, flag: str) -> dict[str, Any] | None:
    """What `write_settings` wrote, without the sources; None without a run.

    A file that is no run's, in the folder that `flag` gave, is refused.
    """
    found = _read(folder, flag)
    if found is not None:
        found.pop(_SOURCES, None)
    return found


def write_settings(
    folder: pathlib.Path,
    settings: Mapping[str, Any],
    sources: Mapping[str, str],
) -> None:
    """Marks a folder as a run's; settings are JSON-ready, with digests."""
    files.mark_own_folder(folder, "run")
    files.write_json(folder / SETTINGS, {**settings, _SOURCES: {**sources}})


def source_digests(
    settings: Mapping[str, Any],
    names: tuple[str, ...],
    workdir: pathlib.Path | None = None,
) -> dict[str, str]:
    """Digests of the files and folders that these settings name.

    What does not exist as such (`tfds:…`, an empty value) is left out, and so
    is the folder of the run, which may lie among its photos.
    """
    found = {}
    for name in names:
        value = settings[name]
        paths = value if isinstance(value, list) else [value]
        if all(map(os.path.exists, paths)):
            found[name] = " ".join(files.digest(p, workdir) for p in paths)
    return found


def require_same_run(
    folder: pathlib.Path,
    settings: Mapping[str, Any],
    sources: Mapping[str, str],
    flag: str,
    changeable: tuple[str, ...] = (),
) -> None:
    """Refuses a folder that holds a run of other settings, or others' files.

    What settings name by a path is compared by its content, so that `photos/`
    is `photos`, and another painting of the same name is another run. Those in
    `changeable` may differ. The message shows each setting that does.
    """
    stored = _read(folder, flag)
    if stored is None:
        files.require_own_folder(folder, flag, "run")
        return
    stored_sources = stored.pop(_SOURCES, {})
    changed = []
    for name, value in settings.items():
        says = f"{name} was {stored.get(name)} and is now {value}"
        if name in changeable:
            continue
        if name in sources and name in stored_sources:
            if sources[name] != stored_sources[name]:
                changed.append(f"{says}, with other content")
        elif stored.get(name) != value:
            changed.append(says)
    if changed:
        raise RequestError(
            f"--{flag}={files.printable(folder)} holds a run of other settings"
            f" ({', '.join(changed)}): give these back or another --{flag}"
        )


@contextlib.contextmanager
def locked(folder: pathlib.Path, flag: str) -> Iterator[None]:
    """Keeps a second process out of a run's folder while the block runs."""
    with (folder / files.MARK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RequestError(
                f"--{flag}={files.printable(folder)}: another process works in"
                " it: wait for its end or stop it"
            ) from None
        yield


def _read(folder: pathlib.Path, flag: str) -> dict[str, Any] | None:
    path = folder / SETTINGS
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it holds no settings")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise RequestError(
            f"{files.printable(path)} is not this program's ({error}): give"
            f" another --{flag}"
        ) from error
    return found
