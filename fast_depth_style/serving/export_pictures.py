"""The pictures that an export is checked with and calibrated on."""

import dataclasses
import importlib.util
import math
import pathlib

import numpy as np

from fast_depth_style.images.files import (
    UnreadablePicture,
    list_pictures,
    read_rgb,
)
from fast_depth_style.images.size import center_crop, resize
from fast_depth_style.requests import RequestError

_CHECKED = 3
_CALIBRATED = 16


@dataclasses.dataclass(frozen=True)
class ExportPictures:
    """Pictures, each (height, width, 3) uint8.

    Attributes:
        source: Where they are from, in words.
        checked: Every exported file is compared with the network on these.
        calibration: Show an int8 file the ranges of its activations. Never one
            of `checked`, unless there are too few.
    """

    source: str
    checked: list[np.ndarray]
    calibration: list[np.ndarray]


def export_pictures(folder: str | pathlib.Path | None) -> ExportPictures:
    """Chooses pictures.

    Args:
        folder: Of photos, of which some are taken, evenly; None takes
            scikit-learn's two sample photos if it is installed, and shapes.

    Raises:
        RequestError: No photo in the folder can be read.
    """
    if folder is None:
        return _samples()
    files = list_pictures(folder)
    readable = []
    step = max(1, len(files) // (_CHECKED + _CALIBRATED))
    for file in files[::step]:
        if len(readable) == _CHECKED + _CALIBRATED:
            break
        try:
            readable.append(read_rgb(file))
        except UnreadablePicture:
            continue
    if not readable:
        raise RequestError(f"{folder}: no photo in it that can be read")
    checked, calibration = readable[:_CHECKED], readable[_CHECKED:]
    return ExportPictures(
        f"{len(readable)} photos of {pathlib.Path(folder).name}",
        checked,
        calibration or checked,
    )


def fit(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scales a picture until it covers `size`, and cuts the middle out.

    Args:
        picture: (height, width, 3) uint8.
        size: Height and width.
    """
    scale = max(
        wanted / there
        for wanted, there in zip(size, picture.shape, strict=False)
    )
    covering = [
        max(wanted, math.ceil(there * scale - 1e-9))
        for wanted, there in zip(size, picture.shape, strict=False)
    ]
    return center_crop(resize(picture, tuple(covering)), size)


def _samples():
    shapes = [_shapes(seed) for seed in (0, 1)]
    if importlib.util.find_spec("sklearn") is None:
        return ExportPictures("soft shapes", shapes, [*shapes, *_tones()])
    import sklearn.datasets

    folder = pathlib.Path(sklearn.datasets.__file__).parent / "images"
    photos = [read_rgb(file) for file in list_pictures(folder)]
    # Other parts of the photos than the middle, which is checked, and mirrored.
    parts = [
        part[:, ::-1]
        for photo in photos
        for half in np.array_split(photo, 2, axis=0)
        for part in np.array_split(half, 2, axis=1)
    ]
    return ExportPictures(
        "two sample photos of scikit-learn and soft shapes",
        [*photos, shapes[0]],
        [*parts, shapes[1], *_tones()],
    )


def _shapes(seed):
    """Soft coloured shapes, 384x512."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return resize(coarse, (384, 512))


def _tones():
    """Black and white in one: the whole range of what can come in."""
    ramp = np.linspace(0, 255, 512).astype(np.uint8)
    return [np.broadcast_to(ramp[None, :, None], (384, 512, 3)).copy()]
