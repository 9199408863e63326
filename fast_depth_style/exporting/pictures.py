"""Pictures for the verification and the calibration of exported files."""

import contextlib
import dataclasses
import importlib.util
import os
import pathlib

import numpy as np
from PIL import Image, ImageOps

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.folder import list_pictures
from fast_depth_style.images.picture import UnreadablePicture

_VERIFICATION = 3
_CALIBRATION = 16


@dataclasses.dataclass(frozen=True)
class ExportPictures:
    """Pictures, each (height, width, 3) uint8.

    Attributes:
        source: Where they are from, in words.
        verification: Every file is compared with the network on these.
        calibration: Set the ranges of an int8 file's activations; none is in
            `verification`, unless there are too few.
    """

    source: str
    verification: list[np.ndarray]
    calibration: list[np.ndarray]


def export_pictures(folder: str | os.PathLike[str] | None) -> ExportPictures:
    """Takes up to 19 photos of a folder, evenly spaced.

    None stands for scikit-learn's two photos, if installed, and soft shapes.

    Raises:
        RequestError: No photo in the folder can be read.
    """
    if folder is None:
        return _samples()
    folder = files.resolve(folder, "photos")
    number = _VERIFICATION + _CALIBRATION
    listed = list_pictures(folder)
    readable: list[np.ndarray] = []
    for file in listed[:: max(1, len(listed) // number)]:
        with contextlib.suppress(UnreadablePicture):
            readable.append(read_rgb(file))
        if len(readable) == number:
            break
    if not readable:
        raise RequestError(
            f"--photos={files.printable(folder)}: no photo in it can be read"
        )
    verification = readable[:_VERIFICATION]
    return ExportPictures(
        f"{len(readable)} photos of {files.printable(folder.name)}",
        verification,
        readable[_VERIFICATION:] or verification,
    )


def fit(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scales to cover `size`, (height, width), and cuts the middle; uint8."""
    image = Image.fromarray(picture)
    return np.asarray(ImageOps.fit(image, size[::-1], Image.Resampling.LANCZOS))


def soft_shapes(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Soft coloured shapes, (height, width, 3) uint8, of a height and width."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return fit(coarse, size)


def _samples() -> ExportPictures:
    checked, other = (soft_shapes((384, 512), seed) for seed in range(2))
    # Black to white: the whole range of the input.
    ramp = np.linspace(0, 255, 512).astype(np.uint8)[:, None]
    ramp = np.tile(ramp, (384, 1, 3))
    if importlib.util.find_spec("sklearn") is None:
        return ExportPictures("soft shapes", [checked, other], [other, ramp])
    import sklearn.datasets

    folder = pathlib.Path(sklearn.datasets.__file__).parent / "images"
    photos = [read_rgb(file) for file in list_pictures(folder)]
    # Mirrored quarters: verification sees the middle.
    quarters = [
        quarter[:, ::-1]
        for photo in photos
        for half in np.array_split(photo, 2, axis=0)
        for quarter in np.array_split(half, 2, axis=1)
    ]
    return ExportPictures(
        "two sample photos of scikit-learn and soft shapes",
        [*photos, checked],
        [*quarters, other, ramp],
    )
