"""Picture files of every common kind to uint8 RGB arrays, and back."""

import contextlib
import dataclasses
import io
import os
import pathlib
import secrets
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from fast_depth_style.requests import RequestError

#: Largest picture that is decoded, in pixels: 400 megapixels, 1.2 GB as RGB.
#: Anything larger is taken for a decompression bomb.
MAX_PIXELS = 400_000_000

#: What `list_pictures` takes for a picture, by the end of the file's name.
SUFFIXES = frozenset(
    ".avif .bmp .gif .jfif .jpe .jpeg .jpg .pbm .pgm .png .ppm .tif .tiff"
    " .webp".split()
)

# Pillow warns, and at twice the size refuses, long before MAX_PIXELS.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

# How a picture is written: Pillow's format, its options, the longest side.
_FORMATS = {
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}, 65_500),
    ".png": ("PNG", {}, 2**31 - 1),
    ".tif": ("TIFF", {"compression": "tiff_adobe_deflate"}, 2**31 - 1),
    ".webp": ("WEBP", {"quality": 95}, 16_383),
}
_FORMATS[".jpeg"] = _FORMATS[".jpg"]
_FORMATS[".tiff"] = _FORMATS[".tif"]

# What Pillow's decoders raise on damaged input.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    EOFError,
    NotImplementedError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

_EXIF_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadablePicture(ValueError):
    """A file that cannot be decoded; its one line names file and reason."""


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, upright.

    Attributes:
      rgb: uint8 array (height, width, 3).
      alpha: uint8 array (height, width), 255 is opaque; None where the file
        has no transparency.
      icc_profile: The ICC profile of `rgb` as bytes; None means sRGB.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    icc_profile: bytes | None = None

    def __post_init__(self):
        """Checks shapes and types, so that a wrong array fails here."""
        if (
            self.rgb.dtype != np.uint8
            or self.rgb.ndim != 3
            or self.rgb.shape[2] != 3
        ):
            raise ValueError(
                "rgb must be uint8 (height, width, 3), not "
                f"{self.rgb.dtype} {self.rgb.shape}"
            )
        if self.alpha is not None and (
            self.alpha.dtype != np.uint8
            or self.alpha.shape != self.rgb.shape[:2]
        ):
            raise ValueError(
                f"alpha must be uint8 {self.rgb.shape[:2]}, not "
                f"{self.alpha.dtype} {self.alpha.shape}"
            )


def read_picture(source: str | pathlib.Path | bytes) -> Picture:
    """Reads a picture with its transparency and colour profile.

    EXIF orientation is applied; of an animation the first frame is read.
    Grey, palette and 1-bit pictures become RGB, 16 bits per channel are
    scaled to 8. Pictures with a CMYK or grey ICC profile are converted to
    sRGB through it, CMYK without a profile by Pillow's plain formula; an RGB
    profile is returned with the picture.

    Args:
      source: A path, or the content of a file.

    Returns:
      The decoded picture.

    Raises:
      RequestError: There is no such file.
      UnreadablePicture: It cannot be decoded, or has over `MAX_PIXELS` pixels.
    """
    return _decode(source, None)


def read_rgb(
    source: str | pathlib.Path | bytes, min_short_side: int | None = None
) -> np.ndarray:
    """Reads a picture as RGB; what is transparent becomes white.

    Args:
      source: A path, or the content of a file.
      min_short_side: Where given, JPEG files may be decoded at 1/2, 1/4 or
        1/8 of their size, which is several times faster, as long as the
        short side keeps at least so many pixels.

    Returns:
      uint8 array (height, width, 3), read as `read_picture` does.

    Raises:
      RequestError: There is no such file.
      UnreadablePicture: It cannot be decoded, or has over `MAX_PIXELS` pixels.
    """
    return _on_white(_decode(source, min_short_side))


def write_picture(path: str | pathlib.Path, picture: Picture) -> None:
    """Writes a picture in the format that the file's suffix names.

    The file is complete or not there: it is written aside and renamed. The
    ICC profile is kept. Transparency is kept in PNG, WebP and TIFF; JPEG has
    none, so there the picture is laid on white. JPEG (without chroma
    subsampling) and WebP are written with quality 95.

    Args:
      path: Where to write: .jpg, .jpeg, .png, .webp, .tif or .tiff.
      picture: What to write.

    Raises:
      RequestError: The suffix names no such format, the folder does not
        exist, or the picture is too large for the format.
    """
    path = pathlib.Path(path)
    name, options, longest = _FORMATS[check_suffix(path)]
    height, width = picture.rgb.shape[:2]
    if max(height, width) > longest:
        raise RequestError(
            f"{path}: {name} holds at most {longest} pixels a side, the "
            f"picture is {width}x{height}; write .png or .tif"
        )
    if not path.parent.is_dir():
        raise RequestError(f"{path}: there is no folder {path.parent}")
    if picture.alpha is None:
        image = Image.fromarray(picture.rgb)
    elif name == "JPEG":
        image = Image.fromarray(_on_white(picture))
    else:
        image = Image.fromarray(np.dstack([picture.rgb, picture.alpha]))
    if picture.icc_profile is not None:
        options = options | {"icc_profile": picture.icc_profile}

    aside = path.with_name(f".{secrets.token_hex(6)}.writing")
    try:
        with aside.open("xb") as file:
            image.save(file, format=name, **options)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()
        raise


def check_suffix(path: str | pathlib.Path) -> str:
    """Returns the suffix, in lower case, if `write_picture` can write it.

    Raises:
      RequestError: It cannot.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in _FORMATS:
        raise RequestError(
            f"{path}: cannot write {suffix or 'a file without suffix'}; "
            f"use one of {' '.join(sorted(_FORMATS))}"
        )
    return suffix


def list_pictures(folder: str | pathlib.Path) -> list[pathlib.Path]:
    """Lists the pictures of a folder and its subfolders, sorted.

    A picture is a file whose name ends in one of `SUFFIXES`, in any case;
    hidden files and folders are left out.

    Raises:
      RequestError: There is no such folder.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        what = "not a folder" if folder.exists() else "no such folder"
        raise RequestError(f"{folder}: {what}")
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            pathlib.Path(parent, name)
            for name in names
            if not name.startswith(".")
            and os.path.splitext(name)[1].lower() in SUFFIXES
        ]
    return sorted(found)


def _decode(source, min_short_side: int | None) -> Picture:
    """Decodes a file or its bytes; every failure names the file."""
    name = "picture" if isinstance(source, bytes) else str(source)
    data = source if isinstance(source, bytes) else _read_bytes(source)
    if not data:
        raise UnreadablePicture(f"{name}: the file is empty")
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ValueError(
                    f"{width}x{height} is over the limit of "
                    f"{MAX_PIXELS // 1_000_000} megapixels"
                )
            if min_short_side is not None:
                image.draft(None, (min_short_side, min_short_side))
            image.load()
            return _to_picture(image)
    except UnidentifiedImageError as error:
        raise UnreadablePicture(f"{name}: not a picture") from error
    except _DECODER_ERRORS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadablePicture(f"{name}: {reason}") from error


def _read_bytes(path: str | pathlib.Path) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RequestError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise RequestError(f"{path}: a folder, not a picture") from error
    except OSError as error:
        raise UnreadablePicture(f"{path}: {error.strerror}") from error


def _to_picture(image: Image.Image) -> Picture:
    """Converts a loaded image of any mode to 8-bit RGB and alpha."""
    profile = image.info.get("icc_profile")
    orientation = _orientation(image)
    alpha = None
    if image.mode.startswith("I") or image.mode == "F":
        grey = _deep_grey(image)
        transparent = image.info.get("transparency")
        if isinstance(transparent, int):
            opaque = np.asarray(image) != transparent
            alpha = Image.fromarray(np.where(opaque, 255, 0).astype(np.uint8))
        image = Image.fromarray(grey)
    elif image.has_transparency_data:
        if image.mode not in ("LA", "RGBA"):
            image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert(image.mode[:-1])
    rgb, profile = _to_rgb(image, profile)
    if orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
        if alpha is not None:
            alpha = alpha.transpose(_UPRIGHT[orientation])
    return Picture(
        rgb=np.array(rgb),
        alpha=None if alpha is None else np.array(alpha),
        icc_profile=profile,
    )


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) where it is missing or damaged."""
    try:
        return image.getexif().get(_EXIF_ORIENTATION, 1)
    except _DECODER_ERRORS:
        return 1


def _deep_grey(image: Image.Image) -> np.ndarray:
    """Scales 16-bit grey, which Pillow would clip at 255, to 8 bits."""
    values = np.asarray(image)
    # Older Pillow gives 16-bit PNG files as 32-bit integers.
    if not image.mode.startswith("I;16") and image.format not in ("PNG", "PPM"):
        raise ValueError(
            f"{image.mode} pixels have no known white; save the picture with "
            "8 or 16 bits per channel"
        )
    return np.round(values.astype(np.float32) / 257.0).astype(np.uint8)


def _to_rgb(
    image: Image.Image, profile: bytes | None
) -> tuple[Image.Image, bytes | None]:
    """Converts to RGB, through the profile where that is not an RGB one."""
    if profile:
        try:
            opened = ImageCms.getOpenProfile(io.BytesIO(profile))
            space = opened.profile.xcolor_space.strip()
            if space == "RGB" and image.mode != "CMYK":
                return image.convert("RGB"), profile
            if (space, image.mode) in (("CMYK", "CMYK"), ("GRAY", "L")):
                srgb = ImageCms.createProfile("sRGB")
                return (
                    ImageCms.profileToProfile(
                        image, opened, srgb, outputMode="RGB"
                    ),
                    None,
                )
        except ImageCms.PyCMSError:
            pass  # A damaged profile says nothing: as if there were none.
    return image.convert("RGB"), None


def _on_white(picture: Picture) -> np.ndarray:
    """Lays a picture on white: rgb * alpha + 255 * (1 - alpha)."""
    if picture.alpha is None:
        return picture.rgb
    alpha = picture.alpha[..., None].astype(np.float32) / 255.0
    blended = picture.rgb * alpha + 255.0 * (1.0 - alpha)
    return np.round(blended).astype(np.uint8)
