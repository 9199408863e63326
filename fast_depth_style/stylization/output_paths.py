"""Output paths of paintings, checked before work starts."""

import os
import pathlib
import re
from collections.abc import Collection, Mapping, Sequence

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import shipped_styles
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


def style_name(model: str | pathlib.Path, style: str | None) -> str:
    """Name of the style in file names.

    Without a style the model's, by its path: of runs/mine/model/1, `mine`.
    """
    if style is not None:
        # Of a style file, its name without the folder.
        style = re.sub(r"[^,:]*/|\.style\b", "", style)
        return re.sub(r"[^\w.]+", "_", style).strip("_.") or "style"
    if isinstance(model, str):
        return shipped_styles()[0]
    if model.name.isdecimal():
        model = model.parent
    if model.name == "model" and (model.parent / "checkpoints").is_dir():
        model = model.parent
    return model.name


def target_paths(
    sources: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str] | None,
    style: str,
) -> tuple[dict[pathlib.Path, pathlib.Path], dict[pathlib.Path, str]]:
    """Says where the paintings of photos, folders and videos go.

    One file and an output are as in `target_path`. One folder is mirrored in
    the output: same subfolders, names and formats. Several sources go into the
    output, a file under its name, a folder with its own. A format that cannot
    be written (.heic, .bmp, …) becomes .png. Pictures under the output are
    results of an earlier run and are not read.

    Without an output a painting lands beside its photo, with the style in its
    name: photo.great_wave.jpg. Paintings of earlier runs that lie so beside
    their photos are left out, unless named alone.

    Returns:
        {source: file to write} and {what is not painted: reason}.

    Raises:
        RequestError: There is nothing to paint, two paintings would be one
            file, or an output cannot be written or is a source.
    """
    if not sources:
        raise RequestError(
            "nothing to paint: name photos, folders or videos, as in"
            " stylize photo.jpg --model=…"
        )
    paths = [files.resolve(source, "input") for source in sources]
    alone = len(paths) == 1
    folder = None
    if output is not None:
        if alone and not paths[0].is_dir():
            source, target = target_path(paths[0], output)
            return {source: target}, {}
        given = "--input a folder" if alone else "several inputs"
        folder = _folder(output, given)
    names: dict[pathlib.Path, pathlib.Path] = {}
    left_out: dict[pathlib.Path, str] = {}
    for path in paths:
        found = [path]
        if path.is_dir():
            found, others = look_through(path, except_below=folder)
            if not found:
                left_out[path] = _no_picture(others)
            left_out |= others
        else:
            _require_file(path)
        start = path if alone else path.parent
        for photo in found:
            names[photo] = (
                _beside(photo, style)
                if folder is None
                else folder / photo.relative_to(start)
            )
    if folder is None:
        for photo, original in _paintings(names).items():
            left_out[photo] = (
                f"taken for a painting of {printable(original.name)}: name it"
                " alone, or give --output"
            )
            del names[photo]
    left_out = {p: why for p, why in left_out.items() if p not in names}
    targets = _told_apart(names)
    for photo, target in [*targets.items()]:
        try:
            files.resolve(target, "output")
        except RequestError as error:  # A style made its name too long.
            left_out[photo] = str(error)
            del targets[photo]
    if not targets:
        path, reason = next(iter(left_out.items()))
        raise RequestError(f"{printable(path)}: {reason}")
    require_free(targets)
    places = {target.parent for target in targets.values()}
    if alone and folder is not None:
        places = {folder}
    for place in places:
        files.require_writable(place, "output")
    return targets, left_out


def target_path(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    stills: bool = False,
) -> tuple[pathlib.Path, pathlib.Path]:
    """The absolute paths of one photo or video and of the painting to write.

    The output is a file, whose suffix names the format; or a folder, which is
    there or whose name ends in "/", to hold a file of the source's name (.png
    or .mp4 where the source's format cannot be written). With `stills` a video
    is refused, and one picture is written.

    Raises:
        RequestError: The source is not there, or the output cannot be written.
    """
    source = files.resolve(source, "input")
    target = files.resolve(output, "output")
    _require_file(source)
    if stills and is_video(source):
        raise RequestError(f"{printable(source)}: a video: give a photo")
    if target.is_dir() or _ends_in_slash(output):
        target /= _writable(source, pathlib.Path(source.name), stills)
    suffix = target.suffix.lower()
    if not is_video(source):
        animated = not stills and suffix == ".gif" and is_animation(source)
        check_suffix(target, animated)
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


def claim(
    output: str | os.PathLike[str] | None, targets: Collection[pathlib.Path]
) -> None:
    """Refuses to replace files of others in the folder that `output` names.

    A new or empty folder becomes ours. A file that was named is replaced.
    """
    if output is None:
        return
    place = files.resolve(output, "output")
    if place not in targets:
        files.claim_folder(place, targets, "output")


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


def _require_file(path: pathlib.Path) -> None:
    if not path.is_file():
        what = "a folder" if path.is_dir() else "not a regular file"
        raise RequestError(
            f"{printable(path)}: {what if path.exists() else 'no such file'}"
        )


def _no_picture(others: Mapping[pathlib.Path, str]) -> str:
    """Why a folder is not painted; names the first of what is left out."""
    why = [f" ({printable(p)}: {reason})" for p, reason in others.items()]
    return "no picture in this folder that can be read" + "".join(why[:1])


def _folder(output: str | os.PathLike[str], given: str) -> pathlib.Path:
    """The path of a folder for outputs; the name of a file is refused."""
    folder = files.resolve(output, "output")
    if (
        folder.suffix.lower() in SUFFIXES | VIDEO_SUFFIXES
        and not folder.is_dir()
        and not _ends_in_slash(output)
    ):
        raise RequestError(
            f"--output={printable(folder)} is the name of a file, and {given}:"
            " give a folder"
        )
    return folder


def _beside(photo: pathlib.Path, style: str) -> pathlib.Path:
    """a.jpg to a.great_wave.jpg."""
    known = photo.suffix.lower() in SUFFIXES | VIDEO_SUFFIXES
    stem, suffix = (photo.stem, photo.suffix) if known else (photo.name, "")
    return photo.with_name(f"{stem}.{style}{suffix}")


def _paintings(
    photos: Collection[pathlib.Path],
) -> dict[pathlib.Path, pathlib.Path]:
    """Those that `_beside` may have named: {a.STYLE.jpg: a.jpg}."""
    originals = {path.with_suffix(""): path for path in photos}
    found = {}
    for photo in photos:
        parts = photo.name.split(".")
        for count in range(1, len(parts) - 1):
            start = photo.parent / ".".join(parts[:count])
            if start in originals:
                found[photo] = originals[start]
    return found


def _told_apart(
    names: Mapping[pathlib.Path, pathlib.Path],
) -> dict[pathlib.Path, pathlib.Path]:
    """{photo: wanted name} with names that can be written, each its own.

    Where .png takes the place of a format that cannot be written and that name
    is taken, the whole old name stays in front.
    """
    written = {path: _writable(path, name) for path, name in names.items()}
    taken = {name for path, name in names.items() if written[path] == name}
    targets = {}
    for path, name in names.items():
        target = written[path]
        if target != name:
            while target in taken:
                target = name = name.with_name(f"{name.name}.png")
            taken.add(target)
        targets[path] = target
    return targets


def require_free(targets: Mapping[pathlib.Path, pathlib.Path]) -> None:
    """Refuses outputs that are photos, or one for two photos."""
    photos = {identity(path): path for path in targets}
    painted: dict[pathlib.Path, pathlib.Path] = {}
    for photo, target in targets.items():
        if target.exists() and identity(target) in photos:
            files.require_different(target, [photos[identity(target)]])
        if (other := painted.setdefault(target, photo)) != photo:
            raise RequestError(
                f"{printable(other)} and {printable(photo)} would both be"
                f" {printable(target)}: paint them one after the other"
            )


def _writable(
    path: pathlib.Path, name: pathlib.Path, stills: bool = False
) -> pathlib.Path:
    """The name; with .png, or .mp4, where its format cannot be written."""
    suffix = name.suffix.lower()
    if is_video(name):
        return name if suffix in WRITTEN_VIDEOS else name.with_suffix(".mp4")
    try:
        animated = not stills and suffix == ".gif" and is_animation(path)
        check_suffix(name, animated)
    except RequestError:
        if suffix in SUFFIXES:
            return name.with_suffix(".png")
        return name.with_name(f"{name.name}.png")
    return name


def _ends_in_slash(path: str | os.PathLike[str]) -> bool:
    return os.fspath(path).endswith(("/", os.sep))
