"""Pictures that exported files are verified with."""

import contextlib
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

_NUMBER = 3


def export_pictures(
    folder: str | os.PathLike[str] | None,
) -> tuple[str, list[np.ndarray]]:
    """Takes up to three photos of a folder, evenly spaced.

    None stands for scikit-learn's two photos, if installed, and soft shapes.

    Returns:
        Where they are from, in words, and pictures, (height, width, 3) uint8.

    Raises:
        RequestError: No photo in the folder can be read.
    """
    if folder is None:
        return _samples()
    folder = files.resolve(folder, "photos")
    listed = list_pictures(folder)
    readable: list[np.ndarray] = []
    for file in listed[:: max(1, len(listed) // _NUMBER)]:
        with contextlib.suppress(UnreadablePicture):
            readable.append(read_rgb(file))
        if len(readable) == _NUMBER:
            break
    if not readable:
        raise RequestError(
            f"--photos={files.printable(folder)}: no photo in it can be read"
        )
    name = files.printable(folder.name)
    return f"{len(readable)} photos of {name}", readable


def fit(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scales to cover `size`, (height, width), and cuts the middle; uint8."""
    image = Image.fromarray(picture)
    return np.asarray(ImageOps.fit(image, size[::-1], Image.Resampling.LANCZOS))


def soft_shapes(size: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Soft coloured shapes, (height, width, 3) uint8, of a height and width."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return fit(coarse, size)


def _samples() -> tuple[str, list[np.ndarray]]:
    shapes = [soft_shapes((384, 512), seed) for seed in range(2)]
    if importlib.util.find_spec("sklearn") is None:
        return "soft shapes", shapes
    import sklearn.datasets

    folder = pathlib.Path(sklearn.datasets.__file__).parent / "images"
    photos = [read_rgb(file) for file in list_pictures(folder)]
    return (
        "two sample photos of scikit-learn and soft shapes",
        [*photos, shapes[0]],
    )
