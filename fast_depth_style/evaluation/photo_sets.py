"""The photos of an evaluation, with measured depth or without."""

import dataclasses
import pathlib

import numpy as np
from PIL import Image, UnidentifiedImageError

from fast_depth_style.images.files import (
    UnreadablePicture,
    list_pictures,
    read_rgb,
)
from fast_depth_style.images.size import center_crop, resize
from fast_depth_style.requests import RequestError

UNITS_PER_METRE = 25.5


class UnusablePhoto(ValueError):
    """A photo that cannot be evaluated; the message says why."""


@dataclasses.dataclass(frozen=True)
class Photo:
    """One photo of a set.

    Attributes:
        name: Path inside the set's folder, with forward slashes.
        path: The file.
        depth: The file of its measured depth, or None.
    """

    name: str
    path: pathlib.Path
    depth: pathlib.Path | None = None


@dataclasses.dataclass
class PhotoSet:
    """Photos that are evaluated together.

    Attributes:
        name: "photos" or "rooms".
        photos: In order of name.
        skipped: (file, reason) of each that cannot be used.
        measured: Whether each photo comes with measured depth.
    """

    name: str
    photos: list[Photo]
    skipped: list[tuple[str, str]]
    measured: bool


def content_photos(folder: str, limit: int = 0) -> PhotoSet:
    """Lists the photos of a folder and its subfolders.

    Args:
        folder: The folder.
        limit: At most so many, evenly spread over the sorted names; 0 for
            all.

    Raises:
        RequestError: No such folder, or no photo in it.
    """
    root = pathlib.Path(folder)
    photos = [
        Photo(path.relative_to(root).as_posix(), path)
        for path in list_pictures(root)
    ]
    if not photos:
        raise RequestError(f"{folder}: no photos in it; give another folder")
    return PhotoSet("photos", _spread(photos, limit), [], measured=False)


def rgbd_photos(folder: str, limit: int = 0) -> PhotoSet:
    """Pairs `rgb/…/NAME.*` with `depth/…/NAME.png`, by path without suffix.

    Args:
        folder: The folder that holds `rgb` and `depth`.
        limit: At most so many pairs, evenly spread; 0 for all.

    Returns:
        The pairs. Files without a partner, or with several, are skipped.

    Raises:
        RequestError: No such folders, or no pair in them.
    """
    root = pathlib.Path(folder)
    sides = []
    for side in ("rgb", "depth"):
        stems = {}
        for path in list_pictures(root / side):
            name = path.relative_to(root / side).with_suffix("").as_posix()
            stems.setdefault(name, []).append(path)
        sides.append(stems)
    photos, skipped = [], []
    for name in sorted({*sides[0], *sides[1]}):
        rgb, depth = (side.get(name, []) for side in sides)
        if len(rgb) == len(depth) == 1:
            photos.append(Photo(name, rgb[0], depth[0]))
            continue
        reason = f"{len(rgb)} photos and {len(depth)} depth maps of this name"
        skipped += [
            (path.relative_to(root).as_posix(), reason) for path in rgb + depth
        ]
    if not photos:
        raise RequestError(
            f"{folder}: no photo in rgb/ has a depth map of the same name in "
            "depth/"
        )
    return PhotoSet("rooms", _spread(photos, limit), skipped, measured=True)


def read_photo(photo: Photo, side: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads a photo's middle square, scaled to `side`.

    Args:
        photo: What to read.
        side: Pixels.

    Returns:
        (side, side, 3) uint8, and (side, side) float32 metres with NaN where
        unknown, or None where no depth was measured.

    Raises:
        UnusablePhoto: A file cannot be decoded, or photo and depth map are of
            different sizes.
    """
    rgb = _read_rgb(photo.path)
    square = min(rgb.shape[:2])
    measured = None
    if photo.depth is not None:
        metres = _read_metres(photo.depth)
        if metres.shape != rgb.shape[:2]:
            raise UnusablePhoto(
                f"the depth map is {metres.shape[1]}x{metres.shape[0]}, the "
                f"photo {rgb.shape[1]}x{rgb.shape[0]}"
            )
        measured = _nearest(center_crop(metres, square), side)
    return _to_square(rgb, side), measured


def read_square(path: pathlib.Path, side: int) -> np.ndarray:
    """Reads a picture's middle square, scaled to `side`, as a photo's.

    Raises:
        UnusablePhoto: The file cannot be decoded.
    """
    return _to_square(_read_rgb(path), side)


def _read_rgb(path):
    try:
        return read_rgb(path)
    except (UnreadablePicture, RequestError, OSError) as error:
        raise UnusablePhoto(str(error)) from error


def _to_square(rgb, side):
    return resize(center_crop(rgb, min(rgb.shape[:2])), (side, side))


def _read_metres(path):
    try:
        with Image.open(path) as image:
            if image.mode != "L":
                raise UnusablePhoto(
                    f"{path.name}: not 8-bit grey but {image.mode}"
                )
            values = np.asarray(image, "float32")
    except (OSError, SyntaxError, UnidentifiedImageError) as error:
        raise UnusablePhoto(f"{path.name}: {error}") from error
    return np.where(values == 0, np.nan, values / UNITS_PER_METRE).astype(
        "float32"
    )


def _nearest(values, side):
    """Scales a square; interpolation would smear holes and edges."""
    index = ((np.arange(side) + 0.5) * len(values) / side).astype(int)
    return values[index][:, index]


def _spread(photos, limit):
    if not limit or limit >= len(photos):
        return photos
    chosen = (np.arange(limit) * len(photos)) // limit
    return [photos[index] for index in chosen]
