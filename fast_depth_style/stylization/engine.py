"""Which engine paints: a light one, or TensorFlow."""

import dataclasses
import os
import pathlib
import sys
from collections.abc import Iterable

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import FOLDERS
from fast_depth_style.images.files import opened
from fast_depth_style.images.folder import VIDEO_SUFFIXES
from fast_depth_style.stylization.settings import StylizeSettings

LIGHT_PIXELS = 8_000_000
"""Pixels up to which the light engine is done before TensorFlow would be. It
takes 15 % longer to paint, and three to four seconds less to start."""

_LIGHT_PIXELS_BESIDE_GPU = 1_500_000
_GPU = pathlib.Path("/proc/driver/nvidia/gpus")


def choose(
    settings: StylizeSettings, model: str | os.PathLike[str], pixels: float
) -> StylizeSettings:
    """The settings with one engine in place of "auto".

    Args:
        settings: Of what is painted.
        model: As for `load_styled`.
        pixels: That are painted in all; infinite where nobody knows.
    """
    if settings.engine != "auto":
        return settings
    most = _LIGHT_PIXELS_BESIDE_GPU if _GPU.is_dir() else LIGHT_PIXELS
    light = model in FOLDERS and not sys.modules.get("tensorflow")
    engine = "light" if light and pixels <= most else "tensorflow"
    return dataclasses.replace(settings, engine=engine)


def pixels_of(
    sources: Iterable[pathlib.Path], settings: StylizeSettings
) -> float:
    """About how many pixels are painted of files; looks no farther than needed.

    Infinite where a video is among them.
    """
    total = 0.0
    for source in sources:
        if source.suffix.lower() in VIDEO_SUFFIXES:
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
