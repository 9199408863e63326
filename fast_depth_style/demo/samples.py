"""Sample material: a painting of our own and scikit-learn's photos."""

import pathlib
import shutil

from fast_depth_style.demo.painting import paint
from fast_depth_style.errors import MissingExtraError
from fast_depth_style.images.files import write_picture
from fast_depth_style.images.picture import Picture


def write_samples(folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Writes our own painting and scikit-learn's sample photos into a folder.

    The folder is made where it does not exist; a painting that is there stays.

    Returns:
        The file of the painting and the folder of the photos.

    Raises:
        MissingExtraError: scikit-learn is missing.
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
        write_picture(painting, Picture(paint()))
    return painting, photos
