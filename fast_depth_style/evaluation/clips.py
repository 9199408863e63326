"""Synthetic clips with known motion.

A camera moves over a photo, with noise that is new in every frame, so the
motion of every pixel is known exactly. Real videos also have changes of light,
motion blur and things that turn.
"""

import dataclasses
import itertools
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

MOVEMENTS = ("pan", "zoom", "passing", "still")
"""The camera moves sideways; comes closer; pans while something passes in front
of it; stands."""

MARGIN = 1.3
"""Side of the photo over that of the frames: the camera's room."""

_CROSSING = 24  # Frames in which the camera crosses its room.
_NOISE = 4.0  # Grey levels, standard deviation.
_RADIUS = 0.22  # Of what passes, in parts of the side.

Affine = tuple[float, float, float]
"""(scale, y, x): a pixel p of a frame is at scale * p + (y, x)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """A clip and its motion.

    Attributes:
        frames: Each (side, side, 3) uint8.
        origins: Of every frame but the first, where its pixels were in the
            frame before: [(affine, (side, side) bool where it holds)].
    """

    frames: list[np.ndarray]
    origins: list[list[tuple[Affine, np.ndarray]]]


def photo_side(side: int) -> int:
    """The side of a photo that frames of `side` pixels are filmed over."""
    return round(side * MARGIN)


def film(photo: np.ndarray, movement: str, count: int, seed: int = 0) -> Clip:
    """Films a square photo; its side is `photo_side` of the frames'.

    Args:
        photo: (side, side, 3) uint8.
        movement: One of `MOVEMENTS`.
        count: Frames, at least 2.
        seed: Of the noise.
    """
    whole = len(photo)
    side = round(whole / MARGIN)
    random = np.random.default_rng(seed)
    layers = [photo, np.ascontiguousarray(photo[::-1, ::-1])]
    frames, shots = [], []
    for number in range(count):
        # There and back again.
        time = 1.0 - abs(1.0 - number / _CROSSING % 2)
        shot = _shot(movement, time, whole, side)
        shots.append(shot)
        rgb = np.zeros((side, side, 3))
        for layer, (view, visible) in zip(layers, shot, strict=False):
            rgb = np.where(visible[..., None], _seen(layer, view, side), rgb)
        rgb = rgb + random.normal(0.0, _NOISE, rgb.shape)
        frames.append(np.rint(rgb).clip(0, 255).astype(np.uint8))
    return Clip(
        frames,
        [_origins(*pair) for pair in itertools.pairwise(shots)],
    )


def warping_error(clip: Clip, painted: Sequence[np.ndarray]) -> float:
    """Warping error of a painted clip.

    The root mean square, in grey levels, of the difference between each frame
    and the one before, moved (bicubic) as the photo moved, where both show the
    same: the warping error of Lai et al. 2018, before it is squared.

    Args:
        clip: What was painted.
        painted: A picture of each frame.
    """
    errors = []
    for old, new, origins in zip(
        painted, painted[1:], clip.origins, strict=False
    ):
        squares, known = 0.0, 0
        for affine, holds in origins:
            moved = _seen(old, affine, len(new)).astype(np.float64)
            squares += np.square(moved - new)[holds].sum()
            known += 3 * int(holds.sum())
        errors.append(squares / known)
    return math.sqrt(np.mean(errors))


def _shot(
    movement: str, time: float, whole: int, side: int
) -> list[tuple[Affine, np.ndarray]]:
    """What a frame shows: [(affine to the photo, where it is seen)]."""
    room, everywhere = whole - side, np.ones((side, side), bool)
    middle = (1.0, room / 2, room / 2)
    if movement == "zoom":
        scale = (whole / side) ** (1 - time)
        start = (whole - scale * side) / 2
        return [((scale, start, start), everywhere)]
    if movement == "still":
        return [(middle, everywhere)]
    if movement == "pan":
        return [((1.0, room * time / 3, room * time), everywhere)]
    y, x = np.indices((side, side)) + 0.5
    center = np.array([0.55, 0.1 + 0.8 * time]) * side
    inside = np.hypot(y - center[0], x - center[1]) < _RADIUS * side
    ground = (1.0, room / 2, room * (1 - time) / 2)
    front = (1.0, *(whole / 2 - center))
    return [(ground, ~inside), (front, inside)]


def _seen(picture: np.ndarray, affine: Affine, side: int) -> np.ndarray:
    scale, y, x = affine
    image = Image.fromarray(picture).transform(
        (side, side),
        Image.Transform.AFFINE,
        (scale, 0.0, x, 0.0, scale, y),
        Image.Resampling.BICUBIC,
    )
    return np.asarray(image)


def _origins(
    before: list[tuple[Affine, np.ndarray]],
    now: list[tuple[Affine, np.ndarray]],
) -> list[tuple[Affine, np.ndarray]]:
    """Backward motion between two shots, as in `Clip.origins`."""
    found = []
    for (old, was_seen), (new, seen) in zip(before, now, strict=True):
        scale = new[0] / old[0]
        y, x = ((new[i] - old[i]) / old[0] for i in (1, 2))
        side = len(seen)
        # Pixels whose whole neighbourhood was seen.
        mask = Image.fromarray(was_seen.astype(np.uint8) * 255)
        known = _seen(np.asarray(mask), (scale, y, x), side) == 255
        found.append(((scale, y, x), seen & known))
    return found
