"""What turns photos into pictures: exported models, and the two controls."""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageFilter

from fast_depth_style.requests import RequestError
from fast_depth_style.serving.saved_model import read_model

BLUR_SIGMA = 4.0


@dataclasses.dataclass(frozen=True)
class Stylizer:
    """A model under evaluation.

    Attributes:
        label: Its name in the report.
        source: Where it came from.
        stylize: From (height, width, 3) uint8 to the same.
        is_control: Whether it is no model but a yardstick.
    """

    label: str
    source: str
    stylize: Callable[[np.ndarray], np.ndarray]
    is_control: bool = False


def identity(photo: np.ndarray) -> np.ndarray:
    """The photo itself: all depth and content, no style."""
    return photo


def blur(photo: np.ndarray) -> np.ndarray:
    """A Gaussian blur: much depth, no style, for no more than a filter."""
    image = Image.fromarray(photo)
    return np.array(image.filter(ImageFilter.GaussianBlur(BLUR_SIGMA)))


CONTROLS = {"identity": identity, "blur": blur}


def load_stylizers(specs: Sequence[str]) -> list[Stylizer]:
    """Loads models, and adds the controls that are not among them.

    Args:
        specs: Each `FOLDER`, `LABEL=FOLDER`, `identity` or `blur`. A folder
            without a label goes by its own name.

    Raises:
        RequestError: A model cannot be loaded; two have one label.
    """
    found = []
    for spec in [*specs, *(name for name in CONTROLS if name not in specs)]:
        label, source = _split(spec)
        if source in CONTROLS:
            found.append(Stylizer(label, source, CONTROLS[source], True))
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
    return (
        spec if spec in CONTROLS else pathlib.Path(spec).resolve().name
    ), spec


def _serve(model):
    signature = model.signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]

    def stylize(photo):
        assert model is not None  # Signatures do not keep their model alive.
        (picture,) = signature(**{name: photo[None]}).values()
        return picture.numpy()[0]

    return stylize
