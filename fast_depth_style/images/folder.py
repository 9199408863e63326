"""Lists the pictures of a folder, and files left out with the reason."""

import collections
import os
import pathlib
import stat

from fast_depth_style.errors import RequestError
from fast_depth_style.files import printable

SUFFIXES = frozenset(
    ".apng .avif .bmp .dds .dib .gif .heic .heif .hif .icns .ico .j2c .j2k"
    " .jfif .jp2 .jpc .jpe .jpeg .jpf .jpg .jpx .mpo .pbm .pcx .pfm .pgm .png"
    " .pnm .ppm .psd .qoi .sgi .tga .tif .tiff .webp".split()
)
"""Ends of the names that are taken for pictures."""

VIDEO_SUFFIXES = frozenset(
    ".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .ogv .webm"
    " .wmv".split()
)
"""Ends of the names that are taken for videos."""

_REASONS = {
    " ".join(VIDEO_SUFFIXES): "a video: give it alone, as --input",
    ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mos .mrw .nef .nrw"
    " .orf .pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f": "a camera's raw file:"
    " develop it to .jpg or .tif",
    ".emf .eps .svg .svgz .wmf": "vector graphics: export it as .png",
    ".jxl": "JPEG XL is not read: convert it to .png or .jpg",
    ".exr .hdr": "floating-point pixels are not read: convert it to .tif or"
    " .png",
    ".xcf": "a GIMP project: export it as .png",
}
UNREAD = {s: why for kind, why in _REASONS.items() for s in kind.split()}
"""Why files are not read that are something like pictures, by their suffix."""

_MAGIC = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"GIF8", ".gif"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"8BPS", ".psd"),
    (b"qoif", ".qoi"),
    (b"\0\0\0\x0cjP  ", ".jp2"),
    (b"\xff\x4f\xff\x51", ".j2k"),
    (b"\0\0\0\x0cJXL ", ".jxl"),
    (b"\xff\x0a", ".jxl"),
    (b"\x1a\x45\xdf\xa3", ".mkv"),
)
_BRANDS = {b"avif": ".avif", b"avis": ".avif", b"qt  ": ".mov", b"crx ": ".cr3"}
_HEIF_BRANDS = b"heic heix heim heis hevc hevx hevm hevs mif1 msf1".split()


def look_through(
    folder: str | os.PathLike[str],
    except_below: str | os.PathLike[str] | None = None,
) -> tuple[list[pathlib.Path], dict[pathlib.Path, str]]:
    """Looks for pictures in a folder and its subfolders.

    A file counts by the end of its name, in any case, else by its first bytes.
    Hidden files and folders are passed over, and so is what is in
    `except_below`, the output of an earlier run. Links are followed; a folder
    that is reached in two ways is taken once.

    Returns:
        The pictures, and {what else looks like a picture or a video, or cannot
        be looked into: why it is left out}; both sorted.

    Raises:
        RequestError: There is no such folder, or it cannot be read.
    """
    root = pathlib.Path(folder)
    if not root.is_dir():
        what = "not a folder" if os.path.lexists(root) else "no such folder"
        raise RequestError(f"{printable(root)}: {what}")
    pictures: list[pathlib.Path] = []
    left_out: dict[pathlib.Path, str] = {}
    seen = set()
    if except_below is not None and os.path.isdir(except_below):
        seen = {identity(except_below)} - {identity(root)}
    # Links wait until the end: a folder is taken where it lies, if below root.
    waiting = collections.deque([root])
    while waiting:
        here = waiting.popleft()
        try:
            if identity(here) in seen:
                continue
            seen.add(identity(here))
            with os.scandir(here) as found:
                entries = [e for e in found if not e.name.startswith(".")]
        except OSError as error:
            if here == root:
                raise RequestError(
                    f"{printable(root)}: {_reason(error)}"
                ) from error
            left_out[here] = _reason(error)
            continue
        for entry in entries:
            path = pathlib.Path(entry.path)
            try:
                # A link may lead to where nobody may look.
                if entry.is_dir():
                    link = entry.is_symlink()
                    (waiting.append if link else waiting.appendleft)(path)
                    continue
                reason = _why_not(path)
            except OSError as error:
                reason = _reason(error)
            if reason == "":
                pictures.append(path)
            elif reason is not None:
                left_out[path] = reason
    return sorted(pictures), dict(sorted(left_out.items()))


def list_pictures(folder: str | os.PathLike[str]) -> list[pathlib.Path]:
    """The pictures of a folder and its subfolders; see `look_through`."""
    return look_through(folder)[0]


def kind_of(data: bytes) -> str:
    """The suffix of the kind that a file's first bytes name; "" if unknown."""
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand in _HEIF_BRANDS:
            return ".avif" if b"avif" in data[16:64] else ".heic"
        return _BRANDS.get(brand, ".mp4")
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return ".bmp"
    if data[:4] == b"RIFF":
        return {b"WEBP": ".webp", b"AVI ": ".avi"}.get(data[8:12], "")
    return next((s for magic, s in _MAGIC if data.startswith(magic)), "")


def _why_not(path: pathlib.Path) -> str | None:
    """Empty for a picture, a reason for what is not read, None for the rest."""
    suffix = path.suffix.lower()
    if path.is_symlink() and not path.exists():
        return "a broken link"
    regular = stat.S_ISREG(path.stat().st_mode)
    if suffix not in SUFFIXES and suffix not in UNREAD:
        if not regular or not os.access(path, os.R_OK):
            return None
        with path.open("rb") as file:
            suffix = kind_of(file.read(64))
    if suffix in SUFFIXES:
        return "" if regular else "not a regular file"
    return UNREAD.get(suffix)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def identity(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Device and inode of a file or folder."""
    found = os.stat(path)
    return found.st_dev, found.st_ino
