"""Optical flow between two frames: pyramidal Lucas-Kanade; and cuts.

At every pixel the displacement d is found that makes the frame before, seen at
x + d, equal to this one in a window around x, by least squares of its gradient;
from coarse to fine, each level beginning where the coarser one ended (Lucas,
Kanade 1981; Bouguet 2001). Where a window is even, the coarser level's motion
stays.
"""

import functools

import numpy as np
from PIL import Image

from fast_depth_style.images.colors import grey
from fast_depth_style.images.size import fit_long_side

_LONG_SIDE = 320  # Pixels of the frames that motion is found in.
_SHORTEST = 12  # Pixels of a side of the coarsest level.
_RADIUS = 4  # Of the windows, in pixels.
_ROUNDS = 4  # Of a level.
_EVEN = 4.0  # Variance of gradients, in grey levels, below which it is even.
_AS_WELL = 1.25  # Times the error with motion: sampling evens noise out.
_FITS = 4  # Rounds of each fit of the camera's motion.
_STANDS = 0.05  # Pixels by which a camera that stands seems to move at most.
_CELL = 8  # Pixels of a mesh cell, in which motion is interpolated.

_CUT_SIDE = 64  # Pixels of the frames in which a cut is looked for.
_LEVELS = 6  # Of each colour in the histograms.
_LEAST = 4.0  # Grey levels of spread: black frames differ by their noise.
_CUT = 1.35
"""Between 320 pairs of photos the smallest difference was 1.38; the largest of
a frame panned by 18 % of its width 1.34, by 9 % 0.8, zoomed by 6 % 0.3, with a
strange object over a third of it 1.1."""


def find_motion(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Finds the motion between two frames of one size.

    Args:
        before: (height, width, 3) uint8.
        now: The same.

    Returns:
        (rows, columns, 2) float32, of a smaller picture of at most 320 pixels:
        what is at (y, x) now was at (y, x) + motion before. In parts of the
        height and the width.
    """
    long = min(_LONG_SIDE, max(now.shape[:2]))
    pair = [grey(fit_long_side(frame, long)) for frame in (before, now)]
    motion = np.zeros((*pair[0].shape, 2), np.float32)
    if min(pair[0].shape) < _SHORTEST:
        return motion
    pairs = [pair]
    while min(pairs[-1][0].shape) >= 2 * _SHORTEST:
        pairs.append([_resized(f, *_half(f)) for f in pairs[-1]])
    motion = motion[: len(pairs[-1][0]), : pairs[-1][0].shape[1]]
    for old, new in reversed(pairs):
        scale = np.divide(new.shape, motion.shape[:2])
        parts = [_resized(motion[..., i], *new.shape) for i in range(2)]
        motion = _refined(old, new, np.stack(parts, axis=-1) * scale)
    motion = _steadied(pair[0], pair[1], motion)
    return motion / np.array(motion.shape[:2], np.float32)


def warp(picture: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """Moves a picture of the frame before to where its pixels are now.

    Args:
        picture: (height, width, 3) uint8.
        motion: As from `find_motion`.

    Returns:
        (height, width, 3) uint8, bicubic; 0 where it shows what was outside.
    """
    height, width = picture.shape[:2]
    rows, columns = (
        np.minimum(np.arange(0, side + _CELL, _CELL), side)
        for side in (height, width)
    )
    rows, columns = np.unique(rows), np.unique(columns)
    size = motion.shape[:2]
    y, x = np.meshgrid(
        rows / height * size[0] - 0.5,
        columns / width * size[1] - 0.5,
        indexing="ij",
    )
    moved = [_sampled(motion[..., i], y, x) for i in range(2)]
    y = rows[:, None] + moved[0] * height
    x = columns[None] + moved[1] * width
    # Corners of each cell: upper left, lower left, lower right, upper right.
    corners = np.stack(
        [
            plane[slice(r, r - 1 or None), slice(c, c - 1 or None)]
            for r, c in ((0, 0), (1, 0), (1, 1), (0, 1))
            for plane in (x, y)
        ],
        axis=-1,
    )
    mesh = [
        ((left, top, right, bottom), tuple(corners[i, j]))
        for i, (top, bottom) in enumerate(_pairs(rows))
        for j, (left, right) in enumerate(_pairs(columns))
    ]
    image = Image.fromarray(picture).transform(
        (width, height),
        Image.Transform.MESH,
        mesh,
        Image.Resampling.BICUBIC,
    )
    return np.asarray(image)


def outside(motion: np.ndarray, height: int, width: int) -> np.ndarray:
    """Mask of pixels that come from outside the frame before, by `find_motion`.

    Returns (height, width) bool.
    """
    y, x = np.ogrid[0.5:height, 0.5:width]
    y = y / height + _resized(motion[..., 0], height, width)
    x = x / width + _resized(motion[..., 1], height, width)
    return (y < 0) | (y > 1) | (x < 0) | (x > 1)


def is_cut(before: np.ndarray, now: np.ndarray) -> bool:
    """Whether a shot ends between two frames of one size.

    Two things are added up: how much of the picture motion does not explain,
    over the spread of its colours; and the share of pixels whose colours were
    not there before. Both frames are (height, width, 3) uint8.
    """
    old, new = (fit_long_side(frame, _CUT_SIDE) for frame in (before, now))
    moved = find_motion(old, new)
    change = np.abs(warp(old, moved).astype(np.float32) - new)
    known = ~outside(moved, *new.shape[:2])
    if not known.any():
        return True
    spread = np.mean([np.abs(f - f.mean((0, 1))).mean() for f in (old, new)])
    unexplained = change[known].mean() / max(float(spread), _LEAST)
    gone = np.abs(_histogram(old) - _histogram(new)).sum() / 2
    return bool(unexplained + gone > _CUT)


def window_means(plane: np.ndarray, radius: int) -> np.ndarray:
    """Means over windows of 2 radius + 1 pixels a side, of a float32 plane."""
    for axis in (0, 1):
        around = [(0, 0), (0, 0)]
        around[axis] = (radius + 1, radius)
        sums = np.pad(plane, around, mode="edge").cumsum(axis, dtype="float64")
        length, step = plane.shape[axis], 2 * radius + 1
        upper = sums.take(range(step, step + length), axis)
        lower = sums.take(range(length), axis)
        plane = ((upper - lower) / step).astype(np.float32)
    return plane


def _histogram(rgb: np.ndarray) -> np.ndarray:
    """Shares of pixels in each of 6 x 6 x 6 colours."""
    levels = rgb.reshape(-1, 3).astype(int) * _LEVELS // 256
    index = levels @ [_LEVELS**2, _LEVELS, 1]
    return np.bincount(index, minlength=_LEVELS**3) / len(index)


def _refined(
    old: np.ndarray, new: np.ndarray, motion: np.ndarray
) -> np.ndarray:
    """Refines motion, in pixels, at one level."""
    means = functools.partial(window_means, radius=_RADIUS)
    y, x = np.indices(new.shape, dtype=np.float32)
    motion = motion.astype(np.float32)
    for _ in range(_ROUNDS):
        here = _sampled(old, y + motion[..., 0], x + motion[..., 1])
        down, right = np.gradient((here + new) / 2)
        change = new - here
        yy, xx = means(down * down) + _EVEN, means(right * right) + _EVEN
        xy = means(down * right)
        by, bx = means(down * change), means(right * change)
        area = yy * xx - xy * xy
        step = [(xx * by - xy * bx) / area, (yy * bx - xy * by) / area]
        motion = motion + np.stack(step, axis=-1).clip(-1, 1)
        smooth = [means(motion[..., i]) for i in range(2)]
        motion = np.stack(smooth, axis=-1)
    return motion


def _steadied(
    old: np.ndarray, new: np.ndarray, motion: np.ndarray
) -> np.ndarray:
    """Takes the camera's motion where it explains a frame as well.

    It is found to some thousandths of a pixel, for the whole frame tells it; a
    window's is off by tenths where there is noise. A camera that stands, stands
    exactly.
    """
    y, x = np.indices(new.shape, dtype=np.float32)

    def left(found: np.ndarray) -> np.ndarray:
        seen = _sampled(old, y + found[..., 0], x + found[..., 1])
        return window_means(np.abs(seen - new), _RADIUS)

    camera = _camera_motion(old, new, motion)
    if np.abs(camera).max() < _STANDS:
        camera = np.zeros_like(motion)
    as_well = left(camera) <= _AS_WELL * left(motion) + 0.3
    return np.where(as_well[..., None], camera, motion)


def _camera_motion(
    old: np.ndarray, new: np.ndarray, motion: np.ndarray
) -> np.ndarray:
    """The affine motion that explains most of a frame.

    Fitted to the motion of its windows, and then to its pixels (Gauss-Newton,
    with Geman and McClure's weights, which leave out what moves by itself).
    """
    height, width = new.shape
    y, x = np.indices(new.shape, dtype=np.float32)
    base = np.stack([np.ones_like(y), y / height - 0.5, x / width - 0.5], -1)
    down, right = np.gradient(new)
    weight = np.hypot(down, right) ** 2
    affine = np.zeros((3, 2))
    off = motion
    for _ in range(_FITS):
        far = np.square(off).sum(-1)
        robust = weight / np.square(1.0 + far / 0.25)
        flat = base.reshape(-1, 3)
        scaled = flat * robust.reshape(-1, 1)
        affine += np.linalg.lstsq(
            scaled.T @ flat, scaled.T @ off.reshape(-1, 2), rcond=None
        )[0]
        off = motion - (base @ affine).astype(np.float32)
    for _ in range(_FITS):
        found = (base @ affine).astype(np.float32)
        at = y + found[..., 0], x + found[..., 1]
        seen = _sampled(old, *at)
        known = (at[0] >= 0) & (at[0] <= height - 1)
        known &= (at[1] >= 0) & (at[1] <= width - 1)
        down, right = np.gradient((seen + new) / 2)
        change = new - seen
        scale = 2.0 * np.median(np.abs(change)) + 1.0
        robust = known / np.square(1.0 + np.square(change / scale))
        slopes = np.concatenate(
            [base * down[..., None], base * right[..., None]], axis=-1
        ).reshape(-1, 6)
        scaled = slopes * robust.reshape(-1, 1)
        step = np.linalg.lstsq(
            scaled.T @ slopes, scaled.T @ change.ravel(), rcond=None
        )[0]
        affine += step.reshape(2, 3).T
    return (base @ affine).astype(np.float32)


def _sampled(plane: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A plane at fractional places, bilinear, its border repeated."""
    height, width = plane.shape
    y, x = y.clip(0, height - 1), x.clip(0, width - 1)
    top = np.minimum(y.astype(np.intp), max(0, height - 2))
    left = np.minimum(x.astype(np.intp), max(0, width - 2))
    below, beside = min(1, height - 1) * width, min(1, width - 1)
    index, flat = top * width + left, plane.ravel()
    down, right = y - top, x - left
    upper = flat[index] * (1 - right) + flat[index + beside] * right
    index = index + below
    lower = flat[index] * (1 - right) + flat[index + beside] * right
    return (upper * (1 - down) + lower * down).astype(np.float32)


def _half(plane: np.ndarray) -> tuple[int, int]:
    return (plane.shape[0] + 1) // 2, (plane.shape[1] + 1) // 2


def _resized(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """A float32 plane at another size, antialiased."""
    if plane.shape == (height, width):
        return plane
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def _pairs(cuts: np.ndarray) -> list[tuple[int, int]]:
    return [*zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)]
