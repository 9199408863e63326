"""Picture files of every common kind to uint8 RGB arrays, and back."""

import contextlib
import io
import os
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from fast_depth_style.errors import MissingExtraError, RequestError, one_line
from fast_depth_style.files import printable, replacing
from fast_depth_style.images.folder import VIDEO_SUFFIXES, kind_of
from fast_depth_style.images.picture import (
    DECODER_ERRORS,
    RESOLUTION,
    SUB_IFDS,
    Picture,
    UnreadablePicture,
    from_image,
)

MAX_PIXELS = 400_000_000
"""Largest picture that is decoded: 400 megapixels, 1.2 GB as RGB. What is
larger is taken for a decompression bomb."""

# Pillow warns, and at twice the size refuses, long before MAX_PIXELS.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

# How a picture is written: Pillow's format, its options, the longest side.
_FORMATS: dict[str, tuple[str, dict[str, Any], int]] = {
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}, 65_500),
    ".png": ("PNG", {}, 2**31 - 1),
    ".tif": ("TIFF", {"compression": "tiff_adobe_deflate"}, 2**31 - 1),
    ".webp": ("WEBP", {"quality": 95}, 16_383),
}
_FORMATS[".jpeg"] = _FORMATS[".jpg"]
_FORMATS[".tiff"] = _FORMATS[".tif"]
_ANIMATED_GIF: tuple[str, dict[str, Any], int] = ("GIF", {}, 65_535)

Source = str | os.PathLike[str] | bytes
"""The path of a file, or its content."""


def read_picture(source: Source) -> Picture:
    """Reads a picture with its transparency, colour profile and EXIF.

    Of an animation or of several pages the first is read; see `sequence`.
    Errors are those of `opened`, conversions those of `picture.from_image`.
    """
    with opened(source) as image:
        return load(image)


def read_rgb(source: Source, min_short_side: int | None = None) -> np.ndarray:
    """Reads a picture as RGB on white, uint8 (height, width, 3).

    With `min_short_side` JPEG files may be decoded at 1/2, 1/4 or 1/8 of their
    size, which is several times faster, as long as the short side keeps so many
    pixels. Errors are those of `opened`.
    """
    with opened(source) as image:
        if min_short_side is not None:
            image.draft(None, (min_short_side, min_short_side))
        return load(image).on_white()


@contextlib.contextmanager
def opened(source: Source) -> Iterator[Image.Image]:
    """Opens a picture; whatever fails on it in the block names the file.

    Raises:
        RequestError: There is no such file, or it needs an extra (HEIC).
        UnreadablePicture: It cannot be decoded, or has over `MAX_PIXELS`.
    """
    name = "picture" if isinstance(source, bytes) else printable(source)
    data = source if isinstance(source, bytes) else _read_bytes(source)
    if not data:
        raise UnreadablePicture(f"{name}: the file is empty")
    if kind_of(data) == ".heic":
        try:
            import pillow_heif
        except ImportError as error:
            raise MissingExtraError(f"{name}: HEIC", "heif") from error
        pillow_heif.register_heif_opener(thumbnails=False)
    try:
        with Image.open(io.BytesIO(data)) as image:
            _require_decodable(image)
            yield image
    except RequestError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadablePicture(f"{name}: {_what_else(data)}") from error
    except DECODER_ERRORS as error:
        raise UnreadablePicture(f"{name}: {one_line(error)}") from error


def load(image: Image.Image) -> Picture:
    """Decodes an image of `opened`, the frame that it stands at."""
    _require_decodable(image)
    image.load()
    return from_image(image)


def write_picture(path: str | os.PathLike[str], picture: Picture) -> None:
    """Writes one picture; see `write_pictures`."""
    write_pictures(path, [picture])


def write_pictures(
    path: str | os.PathLike[str],
    pictures: Sequence[Picture],
    durations: Sequence[float] = (),
    plays: int = 0,
) -> None:
    """Writes pictures in the format of the suffix, completely or not at all.

    They are pages or, where durations are given, frames of an animation, which
    may be .gif: of one size, with durations in milliseconds (GIF counts in
    steps of 10), shown `plays` times, 0 is for ever.

    ICC profile and EXIF are kept. Transparency is kept in PNG, WebP and TIFF;
    in JPEG the picture is laid on white. JPEG (without chroma subsampling) and
    WebP are written with quality 95.

    Raises:
        RequestError: The suffix names no such format, the folder does not
            exist, or a picture is too large for the format.
    """
    path = pathlib.Path(path)
    suffix = check_suffix(path, animated=bool(durations))
    name, standard, longest = _FORMATS.get(suffix, _ANIMATED_GIF)
    options = standard | _metadata(name, pictures[0])
    if durations:
        options["duration"] = [round(each) for each in durations]
    if durations and not (name == "GIF" and plays == 1):
        # GIF counts what follows the first time.
        options["loop"] = max(0, plays - 1) if name == "GIF" else plays
    if name == "GIF":
        options["disposal"] = 2  # Transparent pixels show no earlier frame.
    for height, width in (picture.rgb.shape[:2] for picture in pictures):
        if max(height, width) > longest:
            raise RequestError(
                f"{printable(path)}: {name} holds at most {longest} pixels a "
                f"side, the picture is {width}x{height}; write .png or .tif"
            )
    if not path.parent.is_dir():
        raise RequestError(
            f"{printable(path)}: there is no folder {printable(path.parent)}"
        )
    if name == "JPEG":
        images = [Image.fromarray(picture.on_white()) for picture in pictures]
    else:
        images = [picture.to_image() for picture in pictures]
    if len(images) > 1:
        options |= {"save_all": True, "append_images": images[1:]}
    with replacing(path) as aside:
        images[0].save(aside, format=name, **options)


def check_suffix(path: str | os.PathLike[str], animated: bool = False) -> str:
    """The suffix in lower case; RequestError if it cannot be written.

    Only an animation may be .gif.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in _FORMATS and not (animated and suffix == ".gif"):
        raise RequestError(
            f"{printable(path)}: cannot write "
            f"{suffix or 'a file without suffix'}; use one of "
            f"{' '.join(sorted(_FORMATS))}"
        )
    return suffix


def _metadata(name: str, picture: Picture) -> dict[str, Any]:
    """Pillow's options that keep profile, EXIF and resolution."""
    options: dict[str, Any] = {}
    if picture.icc_profile is not None:
        options["icc_profile"] = picture.icc_profile
    if picture.exif is None or name == "GIF":
        return options
    options["exif"] = picture.exif
    exif = Image.Exif()
    exif.load(picture.exif)
    if dpi := tuple(float(exif[tag]) for tag in RESOLUTION if tag in exif):
        options["dpi"] = dpi
    if name == "TIFF" and any(exif.get_ifd(tag) for tag in SUB_IFDS):
        options["compression"] = None  # Pillow's compressed TIFF loses them.
    return options


def _require_decodable(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"{width}x{height} is over the limit of "
            f"{MAX_PIXELS // 1_000_000} megapixels"
        )
    if image.format in ("EPS", "WMF"):
        raise ValueError("vector graphics: export it as .png")


def _what_else(data: bytes) -> str:
    """Describes a file that Pillow cannot open."""
    kind = kind_of(data)
    if data.startswith(b"version https://git-lfs"):
        return "a git-LFS pointer, not the picture: run git lfs pull"
    if kind in VIDEO_SUFFIXES:
        return "a video, not a picture"
    return f"a {kind} file that Pillow cannot read" if kind else "not a picture"


def _read_bytes(path: str | os.PathLike[str]) -> bytes:
    name, place = printable(path), pathlib.Path(path)
    try:
        if place.exists() and not place.is_dir() and not place.is_file():
            # A pipe would be waited for.
            raise UnreadablePicture(f"{name}: not a regular file")
        return place.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RequestError(f"{name}: no such file") from error
    except IsADirectoryError as error:
        raise RequestError(f"{name}: a folder, not a picture") from error
    except OSError as error:
        raise UnreadablePicture(f"{name}: {error.strerror}") from error
