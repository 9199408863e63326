"""Where paintings go: decided, and refused, before any work is done."""

import os
import pathlib
import tempfile

from fast_depth_style.images.files import check_suffix, list_pictures
from fast_depth_style.requests import RequestError

#: What is taken for a video, by the end of its name, and can be written.
VIDEO_SUFFIXES = frozenset((".m4v", ".mkv", ".mov", ".mp4"))


def plan_file(
    source: str | pathlib.Path, output: str | pathlib.Path
) -> dict[pathlib.Path, pathlib.Path]:
    """Says where the painting of one photo goes, and that it can.

    Args:
        source: The photo.
        output: A file, whose suffix names the format; or a folder, which is
            there or whose name ends in "/", to hold a file of the photo's name
            (.png where the photo's format cannot be written).

    Returns:
        {source: file to write}.

    Raises:
        RequestError: The photo is not there, or the output cannot be written.
    """
    source, target = _file(source, output, _writable)
    check_suffix(target)
    return _checked({source: target}, target.parent)


def plan_video(
    source: str | pathlib.Path, output: str | pathlib.Path
) -> dict[pathlib.Path, pathlib.Path]:
    """Says where the painting of a video goes, and that it can.

    Args:
        source: The video.
        output: A file with one of `VIDEO_SUFFIXES`; or a folder, as in
            `plan_file`.

    Returns:
        {source: file to write}.

    Raises:
        RequestError: The video is not there, or the output cannot be written.
    """
    source, target = _file(source, output, lambda name: name)
    if target.suffix.lower() not in VIDEO_SUFFIXES:
        raise RequestError(
            f"{target}: a video is written as "
            f"{' '.join(sorted(VIDEO_SUFFIXES))}"
        )
    return _checked({source: target}, target.parent)


def plan_folder(
    source: str | pathlib.Path, output: str | pathlib.Path
) -> dict[pathlib.Path, pathlib.Path]:
    """Says where the paintings of a folder of photos go, and that they can.

    The output mirrors the folder: same subfolders, same names, same formats.
    A format that cannot be written (.gif, .bmp, …) becomes .png; where that
    name is taken (by the painting of a.png, when a.bmp is there too) the whole
    old name stays in front (a.bmp.png). Pictures under `output` are results
    of an earlier run and are not read.

    Args:
        source: The folder of photos.
        output: The folder of paintings, made where it is missing.

    Returns:
        {photo: file to write}, sorted by photo.

    Raises:
        RequestError: There is no photo, or the output cannot be written.
    """
    source, output = pathlib.Path(source), pathlib.Path(output)
    photos = list_pictures(source)
    inside = output.resolve()
    if source.resolve() in inside.parents:
        photos = [p for p in photos if inside not in p.resolve().parents]
    if not photos:
        raise RequestError(f"{source}: no picture in this folder")
    names = [photo.relative_to(source) for photo in photos]
    taken = {name for name in names if _writable(name) == name}
    plan = {}
    for photo, name in zip(photos, names, strict=True):
        written = _writable(name)
        if written != name:
            while written in taken:
                written = name = name.with_name(f"{name.name}.png")
            taken.add(written)
        plan[photo] = output / written
    return _checked(plan, output)


def _file(source, output, rename):
    """The source and the file to write, named after it in a folder."""
    source, target = pathlib.Path(source), pathlib.Path(output)
    if not source.is_file():
        raise RequestError(f"{source}: no such file")
    if target.is_dir() or str(output).endswith(("/", os.sep)):
        target = target / rename(pathlib.Path(source.name))
    return source, target


def _writable(name: pathlib.Path) -> pathlib.Path:
    """The name, with .png where its format cannot be written."""
    try:
        check_suffix(name)
    except RequestError:
        return name.with_suffix(".png")
    return name


def _checked(plan, folder):
    """Returns the plan unless it overwrites a photo or has no place."""
    photos = {photo.resolve() for photo in plan}
    for target in plan.values():
        if target.resolve() in photos:
            raise RequestError(
                f"{target}: the painting would overwrite a photo; choose "
                "another output"
            )
        if target.is_dir():
            raise RequestError(f"{target}: is a folder, so cannot be written")
    while not folder.exists():
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RequestError(
            f"{folder}: cannot write there ({error.strerror}); choose another "
            "output"
        ) from error
    return plan
