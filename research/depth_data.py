"""Pictures with measured or estimated depth, and the batches made of them."""

import dataclasses
import functools
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import random_pictures
import tensorflow as tf
from distillation_settings import DepthDistillation
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation.photo_sets import UNITS_PER_METRE, nearest
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.size import resize
from fast_depth_style.perception.depth_estimator import DepthEstimator

STORED = 224
"""Side of the pictures in memory, in pixels."""

STORED_MAP = 112
"""Side of their depth maps."""

HINTS = 96
"""Principal components of the teacher's features that are learned."""

_BLOCK, _EVERY, _GAP = 30, 6, 5


@dataclasses.dataclass(frozen=True)
class DepthPictures:
    """Pictures squeezed to squares, with inverse depth and a teacher's hints.

    `rgb` is (n, STORED, STORED, 3) uint8; `inverse_depth` (n, STORED_MAP,
    STORED_MAP) float16 in 1/metre, 0 where unknown; `hints`, the teacher's
    features, (n, STORED / 16, STORED / 16, HINTS) float16, None where nothing
    is trained. The first `measured` pictures have measured depth.
    """

    rgb: np.ndarray
    inverse_depth: np.ndarray
    hints: np.ndarray | None
    measured: int


def split_rooms(
    folder: pathlib.Path,
) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    """Splits numbered room pictures into those for training and the rest.

    Neighbouring numbers show the same room. So every sixth block of 30 numbers
    is held out, and the 5 numbers on either side of it are used for nothing.
    Returns the files of FOLDER/rgb for training, and those held out; too few
    are a `RequestError`.
    """

    def is_held_out(number):
        return number // _BLOCK % _EVERY == _EVERY - 1

    training, held_out = [], []
    for path in sorted((folder / "rgb").glob("*.jpg")):
        number = int(path.stem)
        if is_held_out(number):
            held_out.append(path)
        elif not is_held_out(number - _GAP) and not is_held_out(number + _GAP):
            training.append(path)
    if not training or not held_out:
        raise RequestError(
            f"--rgbd={folder} holds too few rooms: it needs rgb/NNNN.jpg and"
            f" depth/NNNN.png, numbered up to at least {_BLOCK * _EVERY}"
        )
    return training, held_out


def read_rooms(paths: Sequence[pathlib.Path]) -> DepthPictures:
    """Reads rooms with their measured depth.

    depth/NNNN.png beside rgb/ is 8-bit grey: metres x 25.5, 0 where unknown.
    """
    maps = []
    for path in paths:
        depth = Image.open(path.parents[1] / "depth" / f"{path.stem}.png")
        grey = np.asarray(depth, np.float32)
        metres = nearest(grey, (STORED_MAP, STORED_MAP)) / UNITS_PER_METRE
        maps.append(
            np.divide(1, metres, np.zeros_like(metres), where=metres > 0)
        )
    inverse_depth = np.stack(maps).astype(np.float16)
    return DepthPictures(read_squares(paths), inverse_depth, None, len(paths))


def read_squares(paths: Sequence[pathlib.Path]) -> np.ndarray:
    """(n, STORED, STORED, 3) uint8, each picture squeezed to a square."""
    return np.stack([resize(read_rgb(p), (STORED, STORED)) for p in paths])


def ask_teacher(
    rgb: np.ndarray, teacher: DepthEstimator
) -> tuple[np.ndarray, np.ndarray]:
    """Inverse depth and hints of pictures, by a teacher that estimates metres.

    Both as in `DepthPictures`; inverse depth is the mean over each picture and
    its mirror image. Hints are the leading principal components of all the
    teacher's features at 1/16 of the size; the sum of their variances is 1. A
    teacher without such features is a `RequestError`.
    """
    maps, features = [], []
    look = tf.function(teacher.outputs)
    for start in range(0, len(rgb), 8):
        batch = tf.constant(rgb[start : start + 8], tf.float32)
        [depth], layers = look(batch)
        mirrored = look(batch[:, :, ::-1])[0][0][:, :, ::-1]
        mean = (1 / tf.maximum(depth, 0.3) + 1 / tf.maximum(mirrored, 0.3)) / 2
        small = tf.image.resize(mean[..., None], (STORED_MAP, STORED_MAP))
        maps.append(small[..., 0].numpy().astype(np.float16))
        layers = [f for f in layers if f.shape[1] == STORED // 16]
        if not layers:
            raise RequestError(
                f"the teacher {teacher.name} shows no features at 1/16 of the"
                " size: use --teacher=fast_depth:FILE"
            )
        # Each layer counts the same, whatever its unit.
        layers = [f / tf.math.reduce_std(f) for f in layers]
        features.append(tf.concat(layers, -1).numpy().astype(np.float16))
    hints = np.concatenate(features)
    # Components of a sample: all rows would be gigabytes in float32.
    sample = hints[:: max(1, len(hints) // 200)].reshape(-1, hints.shape[-1])
    mean = sample.mean(axis=0, dtype=np.float32)
    variances, basis = np.linalg.eigh(np.cov(sample.T.astype(np.float32)))
    basis = basis[:, -HINTS:] / np.sqrt(variances[-HINTS:].sum())
    hints = np.stack([((h - mean) @ basis).astype(np.float16) for h in hints])
    return np.concatenate(maps), hints


def batches(
    pictures: DepthPictures,
    settings: DepthDistillation,
    sizes: Sequence[tuple[int, int]],
    start: int,
) -> tf.data.Dataset:
    """Batches of rooms, then photos, at random views, from step `start` on.

    `sizes` are as those of the settings. Items are (pictures, targets, weights)
    as `fit` takes them; see `depth_distillation.losses`.
    """
    rooms, estimated = pictures.measured, len(pictures.rgb) - pictures.measured
    counts = settings.rooms_per_step, settings.photos_per_step
    weights = np.repeat([1.0, settings.photo_weight], counts).astype("float32")
    weights = {
        "inverse_depth": weights / weights.mean(),
        "hints": np.ones_like(weights),
    }
    with tf.device("cpu"):  # A GPU need not hold them all.
        arrays = pictures.rgb, pictures.inverse_depth, pictures.hints
        stored = [tf.constant(array) for array in arrays]

    def batch(step: Any, size: int) -> Any:
        step = tf.cast(step, tf.int32)
        seeds = tf.unstack(tf.random.split([settings.seed, step], 3))
        measured = random_pictures.Draw(seeds[0], counts[0]).rows(rooms)
        others = random_pictures.Draw(seeds[1], counts[1]).rows(estimated)
        rows = tf.concat([measured, rooms + others], 0)
        rgb, depth, hints = (tf.gather(array, rows) for array in stored)
        return *random_view(rgb, depth, hints, seeds[2], size), weights

    whole: Any = None
    for size, end in sizes:
        end = max(start, end)
        part = tf.data.Dataset.range(start, end).map(
            functools.partial(batch, size=size),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        whole, start = part if whole is None else whole.concatenate(part), end
    return whole.prefetch(4)


def random_view(
    rgb: Any, inverse_depth: Any, hints: Any, seed: Any, size: int
) -> tuple[Any, dict[str, Any]]:
    """Crops, mirrors and recolours pictures, and their depth alike.

    `rgb` is (batch, h, w, 3) uint8, the maps may have other sizes; `seed` is
    (2,) int32, `size` a multiple of 32. Returns (batch, size, size, 3) float32
    in 0..255, and the targets: "inverse_depth", (batch, size / 2, size / 2, 2),
    what a camera that sees the crop only would measure, and 1 where it is
    known, else 0; and "hints", (batch, size / 16, size / 16, channels).
    """
    draw = random_pictures.Draw(seed, rgb.shape[0])
    boxes = random_pictures.crop_boxes(draw, least=0.55)
    inverse_depth = tf.cast(inverse_depth, tf.float32)
    maps = [inverse_depth, tf.cast(inverse_depth > 0, tf.float32)]
    maps = random_pictures.crop(tf.stack(maps, -1), boxes, size // 2)
    known = tf.cast(maps[..., 1] > 0.99, tf.float32)
    sides = tf.abs(boxes[:, 2:] - boxes[:, :2])
    zoom = tf.sqrt(tf.reduce_prod(sides, axis=1))[:, None, None]
    views = random_pictures.crop(rgb, boxes, size)
    targets = {
        "inverse_depth": tf.stack([maps[..., 0] / zoom, known], -1),
        "hints": random_pictures.crop(hints, boxes, size // 16),
    }
    return random_pictures.recolor(views, draw), targets
