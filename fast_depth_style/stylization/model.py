"""A model with what is asked of it: style, depth, stroke.

Imports nothing heavy.

A model is what has `signatures`, those of `exporting.signatures` by name, that
take pictures alone, as arrays, and give arrays or tensors.
"""

import os
import pathlib
from typing import Any

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import FOLDERS
from fast_depth_style.stylization.settings import StylizeSettings


def load_styled(
    model: str | os.PathLike[str], settings: StylizeSettings | None = None
) -> Any:
    """Loads a model for the style and dials of the settings.

    With "auto" it is TensorFlow's; see `engine.choose`.

    Args:
        model: One of `FOLDERS`, or as for `read_model`.
        settings: By default the model's first style.

    Raises:
        RequestError: There is no such model or style, or the model has nothing
            to choose.
    """
    settings = settings or StylizeSettings()
    if settings.engine == "light":
        if model not in FOLDERS:
            raise RequestError(
                "--engine=light paints with the networks of the program only:"
                " leave --engine or --model out"
            )
        from fast_depth_style.stylization.light_model import load_light

        return load_light(settings, FOLDERS[str(model)])
    from fast_depth_style.stylization import tensorflow_model

    if model in FOLDERS:
        return tensorflow_model.load_shipped(settings, FOLDERS[str(model)])
    return tensorflow_model.load_exported(model, settings)


def model_folder(model: str | os.PathLike[str]) -> pathlib.Path:
    """The folder that a model's files lie in; arguments of `load_styled`."""
    if model in FOLDERS:
        return FOLDERS[str(model)]
    from fast_depth_style.exporting.saved_model import find_model

    return find_model(model)
