"""The photos of an evaluation, with measured depth or without."""

import os
import pathlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.files import printable
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.folder import look_through
from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.images.size import center_crop, resize

UNITS_PER_METRE = 25.5


class UnusablePhoto(ValueError):
    """A photo that cannot be evaluated; the message says why."""


@dataclass(frozen=True)
class Photo:
    """A photo's path inside its set's folder, its file, and its depth map."""

    name: str
    path: pathlib.Path
    depth: pathlib.Path | None = None


@dataclass(frozen=True)
class PhotoSet:
    """Photos, or rooms with measured depth, in order of name.

    `skipped` has (file, reason) of each file that is left out.
    """

    name: str
    photos: list[Photo]
    skipped: list[tuple[str, str]]
    measured: bool


def content_photos(
    folder: str | os.PathLike[str], limit: int = 0, flag: str = "content"
) -> PhotoSet:
    """Lists the photos of a folder and its subfolders.

    At most `limit`, evenly spread; 0 for all. `flag` named it.

    Raises:
        RequestError: No such folder, or no photo in it.
    """
    skipped: list[tuple[str, str]] = []
    root = pathlib.Path(folder)
    photos = [
        Photo(path.relative_to(root).as_posix(), path)
        for path in _pictures(root, root, skipped)
    ]
    if not photos:
        raise RequestError(
            f"--{flag}={printable(root)} holds no photos: give another folder"
            + "".join(
                f"; {printable(file)}: {why}" for file, why in skipped[:1]
            )
        )
    return PhotoSet("photos", _spread(photos, limit), skipped, measured=False)


def rgbd_photos(folder: str | os.PathLike[str], limit: int = 0) -> PhotoSet:
    """Pairs `rgb/…/NAME.*` with `depth/…/NAME.png`, by path without suffix.

    Files without a partner, or with several, are skipped; `limit` as for
    `content_photos`.

    Raises:
        RequestError: No such folders, or no pair in them.
    """
    skipped: list[tuple[str, str]] = []
    root = pathlib.Path(folder)
    named: dict[str, list[pathlib.Path]] = {}
    for side in (root / "rgb", root / "depth"):
        for path in _pictures(root, side, skipped):
            name = path.relative_to(side).with_suffix("").as_posix()
            named.setdefault(name, []).append(path)
    photos = []
    for name, paths in sorted(named.items()):
        sides = [path.relative_to(root).parts[0] for path in paths]
        if sides == ["rgb", "depth"]:
            photos.append(Photo(name, *paths))
            continue
        depths = sides.count("depth")
        why = f"{len(sides) - depths} photos and {depths} depth maps so named"
        skipped += [(path.relative_to(root).as_posix(), why) for path in paths]
    if not photos:
        raise RequestError(
            f"--rgbd={printable(root)}: no photo in rgb/ has a depth map of the"
            " same name in depth/"
        )
    return PhotoSet("rooms", _spread(photos, limit), skipped, measured=True)


def read_photo(photo: Photo, side: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads a photo's middle square, scaled to `side` pixels.

    Returns:
        (side, side, 3) uint8, and (side, side) float32 metres with NaN where
        unknown, or None where no depth was measured.

    Raises:
        UnusablePhoto: A file cannot be decoded, or photo and depth map are of
            different sizes.
    """
    try:
        rgb = read_rgb(photo.path)
    except (UnreadablePicture, RequestError, OSError) as error:
        raise UnusablePhoto(str(error)) from error
    square = resize(center_crop(rgb, min(rgb.shape[:2])), (side, side))
    if photo.depth is None:
        return square, None
    metres = _read_metres(photo.depth)
    if metres.shape != rgb.shape[:2]:
        raise UnusablePhoto(
            f"the depth map is {metres.shape[1]}x{metres.shape[0]}, the photo"
            f" {rgb.shape[1]}x{rgb.shape[0]}"
        )
    return square, nearest(center_crop(metres, min(metres.shape)), (side, side))


def nearest(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes a (height, width) map to `size` by taking the nearest pixel.

    Interpolation would smear holes and edges.
    """
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(int)
        for new, old in zip(size, values.shape, strict=True)
    )
    return values[rows][:, columns]


def _pictures(root, folder, skipped):
    """Lists the pictures of a folder and adds the rest to `skipped`."""
    pictures, left_out = look_through(folder)
    skipped += [
        (path.relative_to(root).as_posix(), reason)
        for path, reason in left_out.items()
    ]
    return pictures


def _read_metres(path):
    try:
        with Image.open(path) as image:
            if image.mode != "L":
                raise UnusablePhoto(
                    f"{path.name}: not 8-bit grey but {image.mode}"
                )
            values = np.asarray(image, "float32")
    except (OSError, SyntaxError) as error:
        raise UnusablePhoto(f"{path.name}: {error}") from error
    return np.where(values == 0, np.float32("nan"), values / UNITS_PER_METRE)


def _spread(photos: list[Photo], limit: int) -> list[Photo]:
    if not limit or limit >= len(photos):
        return photos
    return [photos[index * len(photos) // limit] for index in range(limit)]
