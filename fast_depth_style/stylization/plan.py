"""Where paintings go: decided, and refused, before any work is done."""

import os
import pathlib
from collections.abc import Mapping

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.files import printable
from fast_depth_style.images.files import check_suffix
from fast_depth_style.images.folder import (
    SUFFIXES,
    VIDEO_SUFFIXES,
    identity,
    look_through,
)
from fast_depth_style.images.sequence import is_animation

WRITTEN_VIDEOS = (".m4v", ".mkv", ".mov", ".mp4")
"""Suffixes of the videos that can be written."""


def is_video(path: pathlib.Path) -> bool:
    """Whether the end of its name says that a file is a video."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def plan_file(
    source: str | os.PathLike[str], output: str | os.PathLike[str]
) -> tuple[pathlib.Path, pathlib.Path]:
    """The absolute paths of one photo or video and of the painting to write.

    The output is a file, whose suffix names the format; or a folder, which is
    there or whose name ends in "/", to hold a file of the source's name (.png
    or .mp4 where the source's format cannot be written).

    Raises:
        RequestError: The source is not there, or the output cannot be written.
    """
    source = files.resolve(source, "input")
    target = files.resolve(output, "output")
    if not source.is_file():
        raise RequestError(f"{printable(source)}: no such file")
    if target.is_dir() or _ends_in_slash(output):
        target /= _writable(source, pathlib.Path(source.name))
    suffix = target.suffix.lower()
    if not is_video(source):
        check_suffix(target, suffix == ".gif" and is_animation(source))
    elif suffix not in WRITTEN_VIDEOS:
        raise RequestError(
            f"{printable(target)}: a video is written as "
            f"{' '.join(WRITTEN_VIDEOS)}"
        )
    files.require_different(target, [source])
    if target.is_dir():
        raise RequestError(f"{printable(target)}: is a folder: name a file")
    files.require_writable(target, "output")
    return source, target


def plan_folder(
    source: str | os.PathLike[str], output: str | os.PathLike[str]
) -> tuple[dict[pathlib.Path, pathlib.Path], dict[pathlib.Path, str]]:
    """Says where the paintings of a folder of photos go, and that they can.

    The output mirrors the folder: same subfolders, same names, same formats.
    A format that cannot be written (.heic, .bmp, …) becomes .png; where that
    name is taken (by the painting of a.png, when a.bmp is there too) the whole
    old name stays in front (a.bmp.png). An animated GIF stays one. Pictures
    under `output` are results of an earlier run and are not read.

    Returns:
        {photo: file to write} and {what is not painted: reason}, sorted.

    Raises:
        RequestError: There is no photo, the output is the name of a picture or
            cannot be written, or a photo would be overwritten.
    """
    source = files.resolve(source, "input")
    folder = files.resolve(output, "output")
    if (
        folder.suffix.lower() in SUFFIXES | VIDEO_SUFFIXES
        and not folder.is_dir()
        and not _ends_in_slash(output)
    ):
        raise RequestError(
            f"--output={printable(folder)} is the name of a file, and --input "
            "a folder: give a folder"
        )
    pictures, left_out = look_through(source, except_below=folder)
    if not pictures:
        why = [f" ({printable(p)}: {reason})" for p, reason in left_out.items()]
        raise RequestError(
            f"{printable(source)}: no picture in this folder that can be read"
            + "".join(why[:1])
        )
    names = {path: path.relative_to(source) for path in pictures}
    written = {path: _writable(path, name) for path, name in names.items()}
    taken = {name for path, name in names.items() if written[path] == name}
    targets = {}
    for path, name in names.items():
        target = written[path]
        if target != name:
            while target in taken:
                target = name = name.with_name(f"{name.name}.png")
            taken.add(target)
        targets[path] = folder / target
    photos = {identity(path): path for path in targets}
    for target in targets.values():
        if target.exists() and identity(target) in photos:
            files.require_different(target, [photos[identity(target)]])
    files.require_writable(folder, "output")
    return targets, left_out


def without_done(
    targets: Mapping[pathlib.Path, pathlib.Path], model: pathlib.Path
) -> dict[pathlib.Path, pathlib.Path]:
    """Leaves out photos whose painting is newer than photo and model folder."""
    since = max(path.stat().st_mtime_ns for path in (model, *model.rglob("*")))

    def is_done(photo: pathlib.Path, target: pathlib.Path) -> bool:
        try:
            written = target.stat().st_mtime_ns
            return written > max(since, photo.stat().st_mtime_ns)
        except OSError:
            return False

    return {p: t for p, t in targets.items() if not is_done(p, t)}


def _writable(path: pathlib.Path, name: pathlib.Path) -> pathlib.Path:
    """The name; with .png, or .mp4, where its format cannot be written."""
    suffix = name.suffix.lower()
    if is_video(name):
        return name if suffix in WRITTEN_VIDEOS else name.with_suffix(".mp4")
    try:
        check_suffix(name, suffix == ".gif" and is_animation(path))
    except RequestError:
        if suffix in SUFFIXES:
            return name.with_suffix(".png")
        return name.with_name(f"{name.name}.png")
    return name


def _ends_in_slash(path: str | os.PathLike[str]) -> bool:
    return os.fspath(path).endswith(("/", os.sep))
