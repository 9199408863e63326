"""A painting and photos to learn from where nobody named any."""

import pathlib
import shutil

from fast_depth_style.demo.painting import paint
from fast_depth_style.images.files import Picture, write_picture
from fast_depth_style.requests import RequestError


def write_samples(
    folder: str | pathlib.Path,
) -> tuple[pathlib.Path, pathlib.Path]:
    """Writes our own painting and scikit-learn's sample photos, as files.

    Args:
        folder: Where they go; made where it does not exist. A painting that
            is there already stays.

    Returns:
        The file of the painting and the folder of the photos.

    Raises:
        RequestError: scikit-learn is missing.
    """
    try:
        import sklearn.datasets
    except ImportError as error:
        raise RequestError(
            "the sample photos are scikit-learn's: pip install scikit-learn"
        ) from error
    folder = pathlib.Path(folder)
    photos = folder / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    source = pathlib.Path(sklearn.datasets.__file__).parent / "images"
    for photo in sorted(source.glob("*.jpg")):
        shutil.copyfile(photo, photos / photo.name)
    painting = folder / "painting.png"
    if not painting.exists():
        write_picture(painting, Picture(paint()))
    return painting, photos
