"""Sample material: a painting of our own and scikit-learn's photos."""

import pathlib
import shutil

import numpy as np

from fast_depth_style.errors import MissingExtraError
from fast_depth_style.images.files import read_rgb, write_picture
from fast_depth_style.images.picture import Picture
from fast_depth_style.images.size import resize


def sample_painting(height: int = 512, width: int = 704) -> np.ndarray:
    """Our own painting, made by a program: uint8 RGB, resized to this size."""
    painting = read_rgb(pathlib.Path(__file__).with_name("painting.jpg"))
    return resize(painting, (height, width))


def write_samples(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Writes our own painting and scikit-learn's sample photos into a folder.

    A painting that is there stays. Returns the file of the painting and the
    folder of the photos; MissingExtraError where scikit-learn is missing.
    """
    try:
        import sklearn.datasets
    except ImportError as error:
        raise MissingExtraError("sample photos", "demo") from error
    photos = folder / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    source = pathlib.Path(sklearn.datasets.__file__).parent / "images"
    for photo in sorted(source.glob("*.jpg")):
        shutil.copyfile(photo, photos / photo.name)
    painting = folder / "painting.png"
    if not painting.exists():
        write_picture(painting, Picture(sample_painting()))
    return painting, photos
