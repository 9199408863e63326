"""One sheet of a photo in all styles, or along a dial."""

import dataclasses
import os
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from fast_depth_style.images.size import fit_long_side, resize
from fast_depth_style.perception.onnx_compact_depth import nearness
from fast_depth_style.runs.pictures import titled_sheet
from fast_depth_style.stylization.model import choose_engine, load_styled
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.request import styles_of
from fast_depth_style.stylization.settings import StylizeSettings

DIAL_VALUES = (0.0, 0.25, 0.5, 0.75, 1.0)
_COLUMNS = 4

Track = Callable[[Iterable[Any]], Iterable[Any]]
"""Goes round the pictures that are painted; shows progress."""


def compare_styles(
    model: str | os.PathLike[str],
    rgb: np.ndarray,
    settings: StylizeSettings,
    side: int = 480,
    track: Track = iter,
) -> np.ndarray:
    """A photo and its painting in every style of a model, in rows of four.

    Takes and returns (height, width, 3) uint8. `side` is the longest side of
    each picture in pixels; `track` goes round the styles. The style of the
    settings is not used.
    """
    rgb = fit_long_side(rgb, side)
    cells, styles = [("photo", rgb)], styles_of(model)
    settings = choose_engine(settings, model, len(styles) * rgb.size / 3)
    for name in track(styles):
        chosen = dataclasses.replace(settings, style=name)
        cells.append((name, paint(load_styled(model, chosen), rgb, chosen)))
    rows = [cells[i : i + _COLUMNS] for i in range(0, len(cells), _COLUMNS)]
    return titled_sheet(rows)


def compare_dial(
    model: str | os.PathLike[str],
    rgb: np.ndarray,
    dial: str,
    settings: StylizeSettings,
    side: int = 480,
    track: Track = iter,
) -> np.ndarray:
    """A photo painted at five values of a dial; see `compare_styles`.

    For `depth` the maps of the compact depth network stand below, light where
    near.
    """
    rgb = fit_long_side(rgb, side)
    cells = [("photo", rgb)]
    pixels = len(DIAL_VALUES) * rgb.size / 3
    settings = choose_engine(settings, model, pixels)
    for value in track(DIAL_VALUES):
        chosen = dataclasses.replace(settings, **{dial: value})
        painted = paint(load_styled(model, chosen), rgb, chosen)
        cells.append((f"{dial} {value:g}", painted))
    if dial != "depth":
        return titled_sheet([cells])
    maps = [("", each) for each in _depth_maps([rgb for _, rgb in cells])]
    return titled_sheet([cells, maps])


def _depth_maps(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Grey maps of one size with the pictures, on one scale."""
    maps = np.stack([nearness(rgb) for rgb in pictures])
    low, high = np.percentile(maps[0], (2, 98))
    grey = (255 * (maps - low) / max(high - low, 1e-6)).clip(0, 255)
    size = pictures[0].shape[:2]
    return [
        np.repeat(resize(each, size)[..., None], 3, axis=-1)
        for each in grey.astype(np.uint8)
    ]
