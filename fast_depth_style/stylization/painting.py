"""A picture painted as the settings say: one pass of the network."""

from typing import Any

import numpy as np
import tensorflow as tf

from fast_depth_style.errors import RequestError
from fast_depth_style.images.colors import with_colors_of
from fast_depth_style.images.enlarging import enlarge
from fast_depth_style.images.size import fit_area
from fast_depth_style.stylization import regions as regions_of
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.tiles import Track

_ABOUT = 1.5
"""Times `paint_size` up to which a picture is painted as it is: its strokes are
hardly finer, and nothing is lost."""


def paint(
    model: Any,
    rgb: np.ndarray,
    settings: StylizeSettings,
    track: Track = iter,
) -> np.ndarray:
    """Paints a (height, width, 3) uint8 picture of any size.

    The model is that of `load_styled`; `track` goes round the tiles
    of a picture that is painted in tiles.
    """
    pixels, painted = settings.paint_pixels, rgb
    if rgb.shape[0] * rgb.shape[1] > _ABOUT * pixels:
        painted = fit_area(rgb, pixels)
    regions = settings.regions()
    near = regions_of.near_mask(painted, settings) if regions else None
    if near is None or settings.kept_regions():
        painted = tiles.stylize(model, painted, track)
    else:
        painted = _in_regions(model, painted, near)
    if painted.shape != rgb.shape:
        painted = enlarge(painted, rgb)
    if settings.colors == "photo":
        painted = with_colors_of(rgb, painted)
    if settings.kept_regions():
        if near is None or near.shape != rgb.shape[:2]:
            near = regions_of.near_mask(rgb, settings)
        painted = regions_of.keep_photo(
            painted, rgb, near, settings.kept_regions()
        )
    return painted


def _in_regions(model: Any, rgb: np.ndarray, near: np.ndarray) -> np.ndarray:
    """One pass of the network, near and far with vectors of their own."""
    if "regions" not in model.signatures:
        raise RequestError("--style: this model has no regions to paint")
    height, width = rgb.shape[:2]
    if height * width > tiles.WHOLE_PIXELS:
        raise RequestError(
            f"--style=near:…,far:… paints up to {tiles.WHOLE_PIXELS / 1e6:g}"
            " megapixels at once: give a smaller --paint_size"
        )
    painted = model.signatures["regions"](
        image=tf.constant(rgb[None]),
        masks=tf.constant(regions_of.stacked(near)),
    )
    return painted["stylized_image"].numpy()[0]
