"""A strip of a picture at chosen iterations."""

import pathlib

import numpy as np
from PIL import Image

from fast_depth_style.images.files import Picture, read_rgb, write_picture
from fast_depth_style.images.size import resize
from fast_depth_style.training.preview import contact_sheet

_HEIGHT = 256


class Strip:
    """Keeps pictures on disk and lays them beside the photo.

    The folder receives steps/iteration_NNNNNNN.png, at the photo's size, and
    strip.png: the photo and all of them, at most 256 pixels high.
    """

    def __init__(self, folder: pathlib.Path, photo: np.ndarray):
        """Creates the strip.

        Args:
            folder: Where it lies.
            photo: (height, width, 3) uint8, at the size of the finished
                picture.
        """
        self._folder = folder
        self._photo = photo
        (folder / "steps").mkdir(parents=True, exist_ok=True)

    def add(self, iteration: int, rgb: np.ndarray) -> None:
        """Keeps the picture of an iteration, (h, w, 3) uint8, any size."""
        rgb = resize(rgb, self._photo.shape[:2])
        path = self._folder / "steps" / f"iteration_{iteration:07d}.png"
        write_picture(path, Picture(rgb))
        height, width = self._photo.shape[:2]
        scale = min(1.0, _HEIGHT / height)
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        row = [self._photo, *kept_pictures(self._folder).values()]
        sheet = contact_sheet([[resize(each, size) for each in row]])
        aside = self._folder / ".strip.png"
        Image.fromarray(sheet).save(aside)
        aside.replace(self._folder / "strip.png")


def kept_pictures(folder: pathlib.Path) -> dict[int, np.ndarray]:
    """{iteration: (height, width, 3) uint8} of the pictures of a strip."""
    return {
        int(path.stem.rpartition("_")[2]): read_rgb(path)
        for path in sorted((folder / "steps").glob("iteration_*.png"))
    }
