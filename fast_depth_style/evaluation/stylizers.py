"""What turns photos into pictures: models, finished pictures, two controls."""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageFilter

from fast_depth_style.evaluation.photo_sets import UnusablePhoto, read_square
from fast_depth_style.images.files import list_pictures
from fast_depth_style.requests import RequestError
from fast_depth_style.serving.saved_model import read_model

BLUR_SIGMA = 4.0
_PICTURES = "pictures:"


@dataclasses.dataclass(frozen=True)
class Stylizer:
    """A model under evaluation.

    Attributes:
        label: Its name in the report.
        source: Where it came from.
        stylize: From (height, width, 3) uint8 and the photo's name to the
            same; raises `UnusablePhoto` where it has nothing for that photo.
        is_control: Whether it is no model but a yardstick.
    """

    label: str
    source: str
    stylize: Callable[[np.ndarray, str], np.ndarray]
    is_control: bool = False


def identity(photo: np.ndarray, name: str = "") -> np.ndarray:
    """The photo itself: all depth and content, no style."""
    del name
    return photo


def blur(photo: np.ndarray, name: str = "") -> np.ndarray:
    """A Gaussian blur: much depth, no style, for no more than a filter."""
    del name
    image = Image.fromarray(photo)
    return np.array(image.filter(ImageFilter.GaussianBlur(BLUR_SIGMA)))


CONTROLS = {"identity": identity, "blur": blur}


def load_stylizers(specs: Sequence[str]) -> list[Stylizer]:
    """Loads models, and adds the controls that are not among them.

    Args:
        specs: Each a model's `FOLDER`, `pictures:FOLDER`, `identity` or
            `blur`, or `LABEL=` before one of them. A folder without a label
            goes by its own name. Pictures may have been made by anything, and
            are named like the photos that they were made of.

    Raises:
        RequestError: A model cannot be loaded; two have one label.
    """
    found = []
    for spec in [*specs, *(name for name in CONTROLS if name not in specs)]:
        label, source = _split(spec)
        if source in CONTROLS:
            found.append(Stylizer(label, source, CONTROLS[source], True))
        elif source.startswith(_PICTURES):
            folder = source.removeprefix(_PICTURES)
            found.append(Stylizer(label, source, _look_up(folder)))
        else:
            found.append(Stylizer(label, source, _serve(read_model(source))))
        labels = [stylizer.label for stylizer in found]
        if labels.count(label) > 1:
            raise RequestError(
                f"two models are called {label!r}: tell them apart with "
                "--models=LABEL=FOLDER,…"
            )
    return found


def _split(spec):
    label, separator, source = spec.partition("=")
    if separator and label and source and not pathlib.Path(spec).exists():
        return label, source
    folder = pathlib.Path(spec.removeprefix(_PICTURES))
    return spec if spec in CONTROLS else folder.resolve().name, spec


def _serve(model):
    signature = model.signatures["serving_default"]
    (argument,) = signature.structured_input_signature[1]

    def stylize(photo, name):
        del name
        assert model is not None  # Signatures do not keep their model alive.
        (picture,) = signature(**{argument: photo[None]}).values()
        return picture.numpy()[0]

    return stylize


def _look_up(folder):
    files = {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in list_pictures(folder)
    }

    def stylize(photo, name):
        # The names of rooms have no suffix.
        stem = pathlib.PurePosixPath(name).with_suffix("").as_posix()
        path = files.get(name) or files.get(stem)
        if path is None:
            raise UnusablePhoto(f"{folder} holds no picture of it")
        # Its middle square, as it is the photo's.
        return read_square(path, len(photo))

    return stylize
