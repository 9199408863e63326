"""User paths, atomic writes and checks of outputs.

A check raises a `RequestError` that names `flag`, the flag or argument that
gave the path, without dashes.
"""

import contextlib
import errno
import hashlib
import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from fast_depth_style.errors import RequestError, one_line

MARK = ".fast_depth_style"
"""Name of the file that marks a folder as written by this program."""

Kind = Literal[
    "demo", "evaluation", "model", "page", "pictures", "reconstructions", "run"
]
"""What a folder of this program holds, as its mark says."""


def resolve(path: str | os.PathLike[str], flag: str) -> pathlib.Path:
    """Turns what a person wrote into an absolute path.

    `~` is expanded, which shells do not do after `--flag=`; links are kept. An
    empty path (an unset shell variable), an unknown home folder and an
    impossible name are refused.
    """
    text = os.fspath(path)
    if not text.strip():
        raise RequestError(f"--{flag}= is empty: give a path")
    try:
        expanded = pathlib.Path(text).expanduser()
        found = pathlib.Path(os.path.abspath(expanded))
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            found.lstat()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RequestError(f"--{flag}={printable(text)}: {reason}") from error
    return found


def printable(path: str | os.PathLike[str]) -> str:
    r"""A path as UTF-8 text: other bytes are escaped, as in `caf\xe9.jpg`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[pathlib.Path]:
    """Writes a file aside and renames it when the block ends well.

    Whoever reads `path` sees the old file or the complete new one. After an
    exception the old file stays and the new one is removed. What is yielded is
    the path to write to: in the same folder, with the same suffix.
    """
    path = pathlib.Path(path)
    # The same name each time: what a killed run left is written over.
    name = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]
    aside = path.with_name(f".{name}.writing{path.suffix}")
    try:
        yield aside
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Writes a file by `replacing`."""
    with replacing(path) as aside:
        aside.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes a UTF-8 file by `replacing`; names in it may be any bytes."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Writes indented JSON by `replacing`; NaN is a `ValueError`."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_arrays(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads all arrays of an .npz file.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It cannot be read; the reason, in one line.
    """
    import numpy as np  # Here, so that `--help` need not wait for it.

    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except FileNotFoundError:
        raise
    # NumPy lets through what zipfile, zlib and the parser of headers raise.
    except Exception as error:
        raise ValueError(one_line(error)) from error


def require_writable(path: str | os.PathLike[str], flag: str) -> None:
    """Refuses a `path` at which no file or folder can be made."""
    folder = _existing(path)
    try:
        if not folder.is_dir():
            if pathlib.Path(path) != folder:
                says = f"{printable(folder)} is a file"
                raise NotADirectoryError(errno.ENOTDIR, says)
            folder = folder.parent
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RequestError(
            f"--{flag}={printable(path)} cannot be written"
            f" ({error.strerror}): give a place of your own"
        ) from error


def require_space(path: str | os.PathLike[str], needed: int, flag: str) -> None:
    """Refuses a `path` on a disk with less room than the bytes needed."""
    free = shutil.disk_usage(_existing(path)).free
    if free < needed:
        raise RequestError(
            f"--{flag}={printable(path)} has {free >> 20} MiB free, this needs"
            f" {(needed >> 20) + 1} MiB: make room or name another disk"
        )


def require_different(
    output: str | os.PathLike[str],
    inputs: Iterable[str | os.PathLike[str]],
    flag: str = "output",
) -> None:
    """Refuses an `output` that is an input, by whatever name or link."""
    for path in inputs:
        both = output, path
        if os.path.realpath(output) == os.path.realpath(path) or (
            all(map(os.path.exists, both)) and os.path.samefile(*both)
        ):
            raise RequestError(
                f"--{flag}={printable(output)} would overwrite its own input:"
                " give another name"
            )


def require_own_folder(
    folder: str | os.PathLike[str],
    flag: str,
    kind: Kind,
    known: Iterable[str] = (),
) -> None:
    """Refuses a folder that is not new, empty or marked as one of its kind.

    Folders of earlier versions have no mark, but a file of a `known` name.
    """
    if not os.path.lexists(folder):
        return
    try:
        names = set(os.listdir(folder))
    except NotADirectoryError:
        raise RequestError(
            f"--{flag}={printable(folder)} is a file: give a folder"
        ) from None
    except OSError as error:
        raise RequestError(
            f"--{flag}={printable(folder)}: {error.strerror}"
        ) from error
    if MARK in names:
        ours = _is_marked(folder, kind)
    else:
        ours = not names or bool(names & {*known})
    if not ours:
        shown = min(names - {MARK}, default=MARK)
        raise RequestError(
            f"--{flag}={printable(folder)} holds other files"
            f" ({printable(shown)}): give a new or empty folder"
        )


def mark_own_folder(folder: str | os.PathLike[str], kind: Kind) -> None:
    """Makes a folder and marks it as ours; see `require_own_folder`."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / MARK
    if not mark.exists():
        mark.write_text(mark_text(kind))


def mark_text(kind: Kind) -> str:
    """Content of the mark of a folder."""
    return f"Written by fast-depth-style.\nHolds: {kind}\n"


def claim_folder(
    folder: str | os.PathLike[str],
    paths: Iterable[str | os.PathLike[str]],
    flag: str,
) -> None:
    """Marks a new or empty folder; refuses to replace files of others.

    Files may be added to any folder. Existing ones of the `paths` are replaced
    only in a folder that is marked as one of pictures.
    """
    if not os.path.lexists(folder) or not os.listdir(folder):
        mark_own_folder(folder, "pictures")
    if not _is_marked(folder, "pictures"):
        refuse_replacing(folder, filter(os.path.lexists, paths), flag)


def refuse_replacing(
    folder: str | os.PathLike[str],
    paths: Iterable[str | os.PathLike[str]],
    flag: str,
) -> None:
    """Refuses to replace `paths` in a folder, if any: others wrote them."""
    for path in paths:
        raise RequestError(
            f"--{flag}={printable(folder)} holds a file of that name already"
            f" ({printable(path)}): give a new or empty folder"
        )


@contextlib.contextmanager
def temporary_folder(
    parent: str | os.PathLike[str], prefix: str
) -> Iterator[pathlib.Path]:
    """Temporary folder; removes those that killed runs left."""
    for name in os.listdir(parent):
        if name.startswith(prefix):
            shutil.rmtree(pathlib.Path(parent, name))
    with tempfile.TemporaryDirectory(dir=parent, prefix=prefix) as folder:
        yield pathlib.Path(folder)


def is_lfs_pointer(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a git-LFS pointer instead of the file itself."""
    start = b"version https://git-lfs.github.com/"
    try:
        # A pipe would be waited for.
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return file.read(len(start)) == start
    except OSError:
        return False


def digest(
    path: str | os.PathLike[str],
    except_below: str | os.PathLike[str] | None = None,
) -> str:
    """SHA-256 of a file's content, or of a folder's listing.

    The listing has names and sizes of all files below the folder, without
    hidden ones and those in the folder `except_below`.
    """
    path = pathlib.Path(path)
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    found = hashlib.sha256()
    for parent, folders, names in os.walk(path):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and not _is_folder(os.path.join(parent, name), except_below)
        )
        for name in sorted(n for n in names if not n.startswith(".")):
            file_path = pathlib.Path(parent, name)
            place = os.fsencode(file_path.relative_to(path))
            with contextlib.suppress(OSError):  # A broken link holds nothing.
                size = file_path.stat().st_size
                found.update(b"%s\0%d\n" % (place, size))
    return found.hexdigest()


def _is_folder(path: str, other: str | os.PathLike[str] | None) -> bool:
    with contextlib.suppress(OSError):  # One of them is not there.
        return other is not None and os.path.samefile(path, other)
    return False


def _is_marked(folder: str | os.PathLike[str], kind: Kind) -> bool:
    try:
        text = pathlib.Path(folder, MARK).read_text(errors="replace")
    except OSError:
        return False
    return text == mark_text(kind)


def _existing(path: str | os.PathLike[str]) -> pathlib.Path:
    """The path itself, or the nearest folder above it that exists."""
    path = pathlib.Path(os.path.abspath(path))
    while not os.path.lexists(path):
        path = path.parent
    return path
