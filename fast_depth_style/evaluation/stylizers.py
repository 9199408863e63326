"""Models of an evaluation: networks, finished pictures, two controls."""

import dataclasses
import os
import pathlib
import urllib.parse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation import photo_sets
from fast_depth_style.exporting.shipped_card import shipped_folder
from fast_depth_style.images.folder import list_pictures
from fast_depth_style.networks import DIALS
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.frames import FramePainter
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings

_BLUR = ImageFilter.GaussianBlur(4.0)
_PICTURES = "pictures:"

CONTROLS: dict[str, Callable[[np.ndarray, str], np.ndarray]] = {
    "identity": lambda photo, name: photo,
    "blur": lambda photo, name: np.array(Image.fromarray(photo).filter(_BLUR)),
}
"""The photo itself, and a Gaussian blur of 4 pixels: depth without style."""


@dataclass(frozen=True)
class Stylizer:
    """A model under evaluation.

    `label` is its name in the report, `source` where it came from: a key of
    `CONTROLS` for a control. `stylize` turns (height, width, 3) uint8 and the
    photo's name into the same; it raises `UnusablePhoto` where it has nothing
    for that photo. `painter` begins the frames of a video, steady or each on
    its own; None where frames cannot be painted.
    """

    label: str
    source: str
    stylize: Callable[[np.ndarray, str], np.ndarray]
    painter: Callable[[bool], FramePainter] | None = None

    @property
    def is_control(self) -> bool:
        """Whether it is one of the controls."""
        return self.source in CONTROLS


def load_stylizers(specs: Sequence[str]) -> list[Stylizer]:
    """Loads models, and adds the controls that are not among them.

    Each of `specs` is a model's `FOLDER` or name, `pictures:FOLDER`,
    `identity` or `blur`, or `LABEL=` before one of them. A folder without a
    label goes by its own name. What is asked of a model of several styles or
    with dials stands behind it: `FOLDER?style=udnie&depth=0.5&stroke=1`.
    Pictures may have been made by anything, and are named like the photos that
    they were made of.

    Raises:
        RequestError: A model cannot be loaded; two have one label.
    """
    if not specs:
        raise RequestError("--models= names no model: name one")
    found: dict[str, Stylizer] = {}
    for spec in [*specs, *(name for name in CONTROLS if name not in specs)]:
        stylizer = _load(spec)
        if stylizer.label in found:
            raise RequestError(
                f"two models are called {stylizer.label!r}: tell them apart"
                " with --models=LABEL=FOLDER,…"
            )
        found[stylizer.label] = stylizer
    return [*found.values()]


def _load(spec: str) -> Stylizer:
    label, separator, source = spec.partition("=")
    named = separator and label and source and "?" not in label
    if not named or os.path.exists(spec):
        label, source = "", spec
    if source in CONTROLS:
        return Stylizer(label or source, source, CONTROLS[source])
    source, asked = _asked(source)
    folder = files.resolve(source.removeprefix(_PICTURES), "models")
    label = files.printable(label or folder.resolve().name)
    if source.startswith(_PICTURES):
        return Stylizer(label, source, _look_up(folder))
    settings = StylizeSettings(**asked)
    model = load_styled(source if shipped_folder(source) else folder, settings)
    return Stylizer(
        label,
        source,
        lambda rgb, name: tiles.stylize(model, rgb),
        lambda steady: FramePainter(
            model, dataclasses.replace(settings, steady=steady)
        ),
    )


def _asked(source: str) -> tuple[str, dict[str, Any]]:
    """A model's folder, and style and dials behind a question mark."""
    folder, _, query = source.rpartition("?")
    if not folder or os.path.exists(source):
        return source, {}
    asked: dict[str, Any] = {}
    for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
        try:
            asked[name] = value if name == "style" else float(value)
        except ValueError:
            name = ""
        if name not in ("style", *DIALS):
            raise RequestError(
                f"--models={source}: give style=NAME, depth=0..1 or"
                " stroke=0..1 behind the question mark, with & between them"
            )
    return folder, asked


def _look_up(folder):
    by_name = {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in list_pictures(folder)
    }

    def stylize(photo, name):
        # The names of rooms have no suffix.
        stem = pathlib.PurePosixPath(name).with_suffix("").as_posix()
        path = by_name.get(name) or by_name.get(stem)
        if path is None:
            raise photo_sets.UnusablePhoto(f"{folder} holds no picture of it")
        # Its middle square, as it is the photo's.
        made = photo_sets.Photo(name, path)
        return photo_sets.read_photo(made, len(photo))[0]

    return stylize
