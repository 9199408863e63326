"""Stylizes large pictures in tiles, in bounded memory.

Instance normalization looks at the whole picture, so tiles that each look at
themselves differ in colour and show their seams. Here the statistics are taken
once, from patches spread over the picture, and every tile is given the same.
Tiles overlap by more than the network sees around a pixel; what is kept of
them is exactly what one run over the whole picture with these statistics
would give.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

import numpy as np

from fast_depth_style.networks import MINIMUM_SIDE, RECEPTIVE_RADIUS

WHOLE_PIXELS = 4_000_000
"""Largest picture that is taken whole. A network of width 1.0 then needs 2.4
GiB of memory, TensorFlow included. With two regions it is half as large: each
holds features of its own, and 4 megapixels would take 3.3 GiB."""

SAMPLE_PIXELS = 2_000_000
"""Pixels of the patches that the statistics of a larger picture are taken from.
With half of their pixels in patches, tiled photos of 1.6 megapixels were
within 35 dB of the same photos taken whole."""

_STRIDE = 4
_HALO = math.ceil(RECEPTIVE_RADIUS / _STRIDE) * _STRIDE
TILE, _TILE_OF_REGIONS = 1792, 1280
_PATCH = 112
_AT_ONCE = 54  # Patches; with the margins of each, two megapixels.

Track = Callable[[Iterable[Any]], Iterable[Any]]
"""Goes round what is painted one after the other; shows progress."""


def stylize(
    model: Any,
    rgb: np.ndarray,
    track: Track = iter,
    near: np.ndarray | None = None,
) -> np.ndarray:
    """Stylizes a (height, width, 3) uint8 picture of any size.

    Up to `WHOLE_PIXELS` the picture is taken whole, above in tiles, which
    `track` goes round. One with a side of under 16 pixels is extended by
    reflection, and cut back. The model is that of `load_styled`; `near`,
    (height, width), is where the first of its two regions is.
    """
    height, width = rgb.shape[:2]
    missing = [(0, max(0, MINIMUM_SIDE - side)) for side in (height, width)]
    if any(after for _, after in missing):
        rgb = np.pad(rgb, [*missing, (0, 0)], mode="symmetric")
        near = None if near is None else np.pad(near, missing, "symmetric")
    if not is_taken_whole(rgb, near):
        given = statistics(model, rgb, near)
        painted = stylize_in_tiles(model, rgb, given, track=track, near=near)
    else:
        found = run(model, "serving_default", rgb[None], near)
        painted = found["stylized_image"][0]
    return painted[:height, :width]


def is_taken_whole(rgb: np.ndarray, near: np.ndarray | None = None) -> bool:
    """Whether a picture, with regions or without, needs no tiles."""
    most = WHOLE_PIXELS if near is None else WHOLE_PIXELS // 2
    return rgb.shape[0] * rgb.shape[1] <= most


def statistics(
    model: Any, rgb: np.ndarray, near: np.ndarray | None = None
) -> np.ndarray:
    """Estimates a picture's normalization statistics from patches of it.

    The patches lie on a regular grid and have `SAMPLE_PIXELS` pixels together.
    Many small ones represent a picture better than a few large ones. For
    memory they are taken in groups, each spread over the whole picture, so
    that it is normalized much as the whole is.

    Returns:
        (2, channels) float32: means and variances of every normalization.
    """
    height, width = rgb.shape[:2]
    number = SAMPLE_PIXELS / _PATCH**2
    rows = max(1, round(math.sqrt(number * height / width)))
    places = [
        (slice(top, top + _PATCH), slice(left, left + _PATCH))
        for top, left in product(
            _spread(height, rows), _spread(width, max(1, int(number / rows)))
        )
    ]
    patches = np.stack([rgb[place] for place in places])
    if near is not None:
        near = np.stack([near[place] for place in places])
    order = np.random.default_rng(0).permutation(len(patches))
    groups = np.array_split(order, math.ceil(len(order) / _AT_ONCE))
    found = []
    for group in groups:
        inside = None if near is None else near[group]
        made = run(model, "statistics", patches[group], inside)
        found.append(made["statistics"])
    return _together(np.stack(found), [len(group) for group in groups])


def stylize_in_tiles(
    model: Any,
    rgb: np.ndarray,
    statistics: Any,
    tile: int | None = None,
    track: Track = iter,
    near: np.ndarray | None = None,
) -> np.ndarray:
    """Stylizes a picture tile by tile, with given (2, channels) `statistics`.

    `tile` is the longest side of a tile in pixels, its overlap not counted; by
    default `TILE`, or with regions less.
    The result equals that of the signature `tile` on the whole picture.
    """
    painted = np.empty_like(rgb)
    tile = tile or (TILE if near is None else _TILE_OF_REGIONS)
    rows, columns = (_cuts(side, tile) for side in rgb.shape[:2])
    for (top, bottom), (left, right) in track([*product(rows, columns)]):
        above, before = max(0, top - _HALO), max(0, left - _HALO)
        place = slice(above, bottom + _HALO), slice(before, right + _HALO)
        inside = None if near is None else near[place]
        found = run(
            model, "tile", rgb[place][None], inside, statistics=statistics
        )
        part = found["stylized_image"][0]
        painted[top:bottom, left:right] = part[
            top - above : bottom - above, left - before : right - before
        ]
    return painted


def run(
    model: Any,
    name: str,
    pictures: np.ndarray,
    near: np.ndarray | None,
    **inputs: Any,
) -> dict[str, np.ndarray]:
    """Runs a signature, or that of the same with regions; gives arrays."""
    key = "images" if name == "statistics" else "image"
    if near is not None:
        name = "regions" if name == "serving_default" else f"region_{name}"
        near = near.reshape(pictures.shape[:3])
        inputs["masks"] = np.stack([near, 1.0 - near], axis=-1)
    found = model.signatures[name](**{key: pictures}, **inputs)
    return {name: np.asarray(value) for name, value in found.items()}


def _together(found: np.ndarray, sizes: list[int]) -> np.ndarray:
    """Mean and variance of all, of those of groups: (groups, 2, channels)."""
    means, variances = found[:, 0], found[:, 1]
    mean = np.average(means, axis=0, weights=sizes)
    spread = variances + np.square(means - mean)
    variance = np.average(spread, axis=0, weights=sizes)
    return np.stack([mean, variance]).astype(np.float32)


def _spread(length: int, number: int) -> np.ndarray:
    """Starts of `number` patches, each in the middle of its share."""
    middles = (np.arange(number) + 0.5) * length / number
    last = max(0, length - _PATCH)
    return (middles - _PATCH / 2).round().clip(0, last).astype(int)


def _cuts(length: int, longest: int) -> Iterator[tuple[int, int]]:
    """Cuts `length` into parts of about one size, at multiples of the stride.

    So the grid of strided convolutions is the same as in the whole picture.
    """
    number = math.ceil(length / longest)
    part = math.ceil(length / number / _STRIDE) * _STRIDE
    for start in range(0, length, part):
        yield start, min(start + part, length)
