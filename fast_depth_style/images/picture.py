"""Decoded pictures: any mode that Pillow knows to 8-bit RGB and alpha."""

import dataclasses
import io
import math
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from fast_depth_style.errors import RequestError

DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow's decoders raise on damaged input."""

RESOLUTION = (0x011A, 0x011B)
"""EXIF tags of the resolution, across and down."""

SUB_IFDS = (0x8769, 0x8825)
"""EXIF tags whose values are directories: the shot, the place."""

_ORIENTATION, _UNIT = 0x0112, 0x0128
# Description, camera, software, date, artist, copyright, Windows' titles.
_KEPT = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298) + tuple(
    range(0x9C9B, 0x9CA0)
)
# Sizes, which may change, and data whose offsets do not survive a move.
_DROPPED = (0x927C, 0xA002, 0xA003, 0xA005)
_LONGEST_EXIF = 65_000  # JPEG holds no more in one segment.

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadablePicture(RequestError):
    """A file that cannot be decoded; its one line names file and reason."""


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture, upright; other arrays raise ValueError.

    Attributes:
        rgb: uint8 array (height, width, 3).
        alpha: uint8 array (height, width), 255 is opaque, or None.
        icc_profile: The ICC profile of `rgb`; None means sRGB.
        exif: EXIF block with date, place, camera and resolution, without an
            orientation; None where there is none.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    icc_profile: bytes | None = None
    exif: bytes | None = None

    def __post_init__(self) -> None:
        """Checks shapes and types, so that a wrong array fails here."""
        height_width = self.rgb.shape[:2]
        for name, array, shape in (
            ("rgb", self.rgb, (*height_width, 3)),
            ("alpha", self.alpha, height_width),
        ):
            if array is None or (array.dtype, array.shape) == (np.uint8, shape):
                continue
            raise ValueError(
                f"{name} must be uint8 {shape}, not {array.dtype} {array.shape}"
            )

    def on_white(self) -> np.ndarray:
        """The RGB laid on white: rgb * alpha + 255 * (1 - alpha)."""
        if self.alpha is None:
            return self.rgb
        alpha = self.alpha[..., None].astype(np.float32) / 255.0
        blended = self.rgb * alpha + 255.0 * (1.0 - alpha)
        return np.round(blended).astype(np.uint8)

    def like(self, image: np.ndarray | Image.Image) -> Any:
        """The RGB array, or a Pillow image where `image` is one."""
        return self.to_image() if isinstance(image, Image.Image) else self.rgb

    def to_image(self) -> Image.Image:
        """A Pillow image of mode RGB or RGBA, with its ICC profile."""
        pixels = self.rgb
        if self.alpha is not None:
            pixels = np.dstack([pixels, self.alpha])
        image = Image.fromarray(pixels)
        if self.icc_profile is not None:
            image.info["icc_profile"] = self.icc_profile
        return image


def from_image(image: np.ndarray | Image.Image) -> Picture:
    """Takes a uint8 array (height, width, 3), or a Pillow image of any mode.

    EXIF orientation is applied. Grey, palette and 1-bit pixels become RGB; 12
    and 16 bits per channel are scaled to 8. A CMYK or grey ICC profile is
    applied, giving sRGB; CMYK without a profile is converted by Pillow's plain
    formula; an RGB profile is returned with the picture.

    Raises:
        ValueError: It is another array, or the pixels have no known white
            (32-bit integers, floating point). Damaged data raise any of
            `DECODER_ERRORS`.
    """
    if not isinstance(image, Image.Image):
        return Picture(image)
    profile = image.info.get("icc_profile")
    orientation, exif = _exif(image)
    alpha = None
    if image.mode.startswith("I") or image.mode == "F":
        transparent = image.info.get("transparency")
        if isinstance(transparent, int):
            opaque = np.asarray(image) != transparent
            alpha = Image.fromarray(np.where(opaque, 255, 0).astype(np.uint8))
        image = Image.fromarray(_deep_grey(image))
    elif image.has_transparency_data:
        if image.mode not in ("LA", "RGBA"):
            image = image.convert("RGBA")
        alpha = image.getchannel("A")
        image = image.convert(image.mode[:-1])
    rgb, profile = _to_rgb(image, profile)
    if orientation in _UPRIGHT:
        rgb = rgb.transpose(_UPRIGHT[orientation])
        alpha = alpha and alpha.transpose(_UPRIGHT[orientation])
    opacity = None if alpha is None else np.array(alpha)
    return Picture(np.array(rgb), opacity, profile, exif)


def _exif(image: Image.Image) -> tuple[int, bytes | None]:
    """The orientation, and what describes the photo; damaged EXIF is none."""
    try:
        found, kept = image.getexif(), Image.Exif()
        kept.update({tag: found[tag] for tag in _KEPT if tag in found})
        described = False
        for ifd in SUB_IFDS:
            values = found.get_ifd(ifd)
            values = {t: v for t, v in values.items() if t not in _DROPPED}
            if values:
                kept.get_ifd(ifd).update(values)
                described = True
        inch = {2: 1.0, 3: 2.54}.get(found.get(_UNIT, 2), 0.0)
        dpi = image.info.get("dpi") or [
            float(found.get(tag, 0)) * inch for tag in RESOLUTION
        ]
        if len(dpi) == 2 and all(0 < side < math.inf for side in dpi):
            # PNG counts in dots per metre: 299.9994 was 300.
            sides = (round(float(side), 2) for side in dpi)
            kept.update(zip(RESOLUTION, sides, strict=True))
            kept[_UNIT] = 2
        orientation = found.get(_ORIENTATION, 1)
        data = kept.tobytes() if len(kept) or described else b""
    except DECODER_ERRORS:
        return 1, None
    return orientation, data if 0 < len(data) <= _LONGEST_EXIF else None


def _deep_grey(image: Image.Image) -> np.ndarray:
    """Scales grey of 12 or 16 bits, which Pillow would clip at 255, to 8."""
    white, inverted = 65535, False
    # Pillow scales what PNG, PPM and JPEG 2000 hold to 16 bits, older versions
    # in 32-bit integers.
    known = image.format in ("PNG", "PPM", "JPEG2000") and image.mode != "F"
    if image.format == "TIFF" and image.mode.startswith("I;16"):
        known = True
        tags = image.getexif()
        bits = tags.get(258, 16)
        white = 2 ** (bits[0] if isinstance(bits, tuple) else bits) - 1
        inverted = tags.get(262) == 0  # WhiteIsZero.
    if not known:
        raise ValueError(
            f"{image.format or 'a picture'} with {image.mode} pixels has no "
            "known white; save it with 8 or 16 bits per channel"
        )
    values = np.asarray(image).astype(np.float32) * (255.0 / white)
    values = np.round(values).clip(0, 255).astype(np.uint8)
    return 255 - values if inverted else values


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
                converted = ImageCms.profileToProfile(
                    image, opened, srgb, outputMode="RGB"
                )
                assert converted is not None  # It is None only if in place.
                return converted, None
        except ImageCms.PyCMSError:
            pass  # A damaged profile says nothing: as if there were none.
    return image.convert("RGB"), None
