"""Paints one picture: resize, network, colours, strength."""

from typing import Any

import numpy as np

from fast_depth_style.errors import RequestError
from fast_depth_style.images.colors import mix, with_colors_of
from fast_depth_style.images.enlarging import enlarge
from fast_depth_style.images.size import fit_area
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.regions import near_mask
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.steady import Memory
from fast_depth_style.stylization.tiles import Track

_ABOUT = 1.5
"""Times `paint_size` up to which a picture is painted as it is: its strokes are
hardly finer, and nothing is lost."""


def paint(
    model: Any,
    rgb: np.ndarray,
    settings: StylizeSettings,
    track: Track = iter,
    memory: Memory | None = None,
) -> np.ndarray:
    """Paints a (height, width, 3) uint8 picture of any size.

    The model is that of `load_styled`; `track` goes round the tiles of a large
    picture. With a `memory` the picture is the next frame of a video.
    """
    pixels, painted = settings.paint_pixels, rgb
    if rgb.shape[0] * rgb.shape[1] > _ABOUT * pixels:
        painted = fit_area(rgb, pixels)
    kept, near = settings.kept_regions(), None
    if settings.regions() and not kept:
        near = near_mask(painted, settings)
        if "region_tile" not in model.signatures:
            raise RequestError("--style: this model has no regions to paint")
    if memory:
        memory.follow(painted)
        painted = memory.stylize(model, painted, track, near)
        painted = memory.carry(painted)
    else:
        painted = tiles.stylize(model, painted, track, near)
    if painted.shape != rgb.shape:
        painted = enlarge(painted, rgb)
    if settings.colors == "photo":
        painted = with_colors_of(rgb, painted)
    if kept or settings.strength < 1:
        share: Any = settings.strength
        if kept:
            near = near_mask(rgb, settings)
            share = share * (1.0 - near if "near" in kept else near)
        painted = mix(painted, rgb, share)
    return painted
