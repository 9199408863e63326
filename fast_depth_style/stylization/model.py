"""Loads a model with fixed style and dials into one of two engines.

Imports nothing heavy.

A model is what has `signatures`, those of `exporting.signatures` by name, that
take pictures alone, as arrays, and give arrays or tensors.
"""

import dataclasses
import os
import pathlib
import sys
from collections.abc import Iterable
from typing import Any

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import shipped_folder
from fast_depth_style.images.files import opened
from fast_depth_style.stylization.output_paths import is_video
from fast_depth_style.stylization.settings import StylizeSettings

LIGHT_PIXELS = 8_000_000
"""Pixels up to which the light engine is done before TensorFlow would be. It
takes 15 % longer to paint, and three to four seconds less to start."""

_LIGHT_PIXELS_BESIDE_GPU = 1_500_000
_GPU = pathlib.Path("/proc/driver/nvidia/gpus")


def load_styled(
    model: str | os.PathLike[str], settings: StylizeSettings | None = None
) -> Any:
    """Loads a model for the style and dials of the settings.

    With "auto" it is TensorFlow's; see `choose_engine`.

    Args:
        model: Name of a network of the package, or as for `read_model`.
        settings: By default the model's first style.

    Raises:
        RequestError: There is no such model or style, or the model has nothing
            to choose.
    """
    settings = settings or StylizeSettings()
    folder = shipped_folder(model)
    if settings.engine == "light":
        if folder is None:
            raise RequestError(
                "--engine=light paints with the networks of the program only:"
                " leave --engine or --model out"
            )
        from fast_depth_style.stylization.light_model import load_light

        return load_light(settings, folder)
    from fast_depth_style.stylization import tensorflow_model

    if folder is not None:
        return tensorflow_model.load_shipped(settings, folder)
    return tensorflow_model.load_exported(model, settings)


def model_folder(model: str | os.PathLike[str]) -> pathlib.Path:
    """The folder that a model's files lie in; arguments of `load_styled`."""
    if folder := shipped_folder(model):
        return folder
    from fast_depth_style.exporting.saved_model import find_model

    return find_model(model)


def choose_engine(
    settings: StylizeSettings, model: str | os.PathLike[str], pixels: float
) -> StylizeSettings:
    """The settings with one engine in place of "auto".

    `pixels` are painted in all; infinite where nobody knows.
    """
    if settings.engine != "auto":
        return settings
    most = _LIGHT_PIXELS_BESIDE_GPU if _GPU.is_dir() else LIGHT_PIXELS
    light = shipped_folder(model) and not sys.modules.get("tensorflow")
    engine = "light" if light and pixels <= most else "tensorflow"
    return dataclasses.replace(settings, engine=engine)


def pixels_of(
    sources: Iterable[pathlib.Path], settings: StylizeSettings
) -> float:
    """About how many pixels of these files are painted; infinite for videos.

    Stops counting above `LIGHT_PIXELS`.
    """
    total = 0.0
    for source in sources:
        if is_video(source):
            return float("inf")
        try:
            with opened(source) as image:
                frames = getattr(image, "n_frames", 1)
                pixels = image.width * image.height
        except RequestError:
            continue  # It is named when it is its turn.
        total += frames * min(pixels, 1.5 * settings.paint_pixels)
        if total > LIGHT_PIXELS:
            break
    return total
