"""Pictures of the kinds that a style network makes on its way.

A perceptual network that saw only photos judges badly what a style network
shows it: grey fog at the start, wrong colours, noise, textures of the painting
on the shapes of the photo, values beyond 0..255.
"""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import random_pictures
import tensorflow as tf

from fast_depth_style.errors import RequestError
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.folder import list_pictures
from fast_depth_style.images.size import center_crop, fit_short_side

_PHOTO_SIDE, _PAINTING_SIDE = 256, 512
_LOW, _HIGH = -60.0, 315.0


def find_photos(
    folders: Sequence[pathlib.Path],
) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    """Photos to train on, and every 25th, which is held out."""
    photos = [path for folder in folders for path in list_pictures(folder)]
    if len(photos) < 4:
        raise RequestError(f"--photos: {len(photos)} photos are too few")
    return [p for i, p in enumerate(photos) if i % 25], photos[::25]


def find_paintings(
    folder: pathlib.Path,
) -> tuple[list[pathlib.Path], list[pathlib.Path]]:
    """Paintings to train on, and every third, which is held out."""
    paintings = list_pictures(folder)
    if len(paintings) < 3:
        raise RequestError(
            f"--paintings={folder}: {len(paintings)} are too few: give 3"
        )
    return [p for i, p in enumerate(paintings) if i % 3 != 2], paintings[2::3]


def read_squares(paths: Sequence[pathlib.Path], side: int) -> np.ndarray:
    """(n, side, side, 3) uint8: the middle of each picture."""
    return np.stack(
        [center_crop(fit_short_side(read_rgb(p), side), side) for p in paths]
    )


def batches(
    photos: Sequence[pathlib.Path],
    paintings: Sequence[pathlib.Path],
    size: int,
    seed: int,
    count: int,
    start: int,
) -> tf.data.Dataset:
    """Endless batches of varied pictures, from the step `start` on.

    Items are (varied, disturbed, photo, painting), each (count, size, size, 3)
    float32: pictures of any kind, a disturbance of each, and crops. Each
    follows from the seed and its step.
    """
    sources = (photos, _PHOTO_SIDE), (paintings, _PAINTING_SIDE)
    with tf.device("cpu"):  # A GPU need not hold them all.
        stored = [
            tf.constant(read_squares(paths, max(side, size)))
            for paths, side in sources
        ]

    def batch(step: Any) -> Any:
        step = tf.cast(step, tf.int32)
        first, *seeds = tf.unstack(tf.random.split([seed, step], 4))
        photo, painting, other = (
            _crops(source, size, random_pictures.Draw(s, count))
            for source, s in zip((*stored, stored[1]), seeds, strict=True)
        )
        draw = random_pictures.Draw(first, count)
        varied = vary(photo, painting, draw)
        return varied, disturb(varied, other, draw), photo, painting

    steps = tf.data.Dataset.range(start, 2**31 - 1)
    return steps.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(4)


def _crops(stored, size, draw):
    boxes = random_pictures.crop_boxes(draw, size / stored.shape[1], 1.0)
    # Twice the size and means of four: large crops have fine detail.
    pictures = tf.gather(stored, draw.rows(len(stored)))
    pictures = random_pictures.crop(pictures, boxes, 2 * size)
    return tf.nn.avg_pool2d(pictures, 2, 2, "VALID")


def vary(photo: Any, painting: Any, draw: random_pictures.Draw) -> Any:
    """Photos, paintings, blends, and photos in a painting's colours.

    Takes (batch, size, size, 3) float32 in 0..255, gives the same in -60..315.
    """
    spread = _deviation(painting) / _deviation(photo)
    mean = tf.reduce_mean(photo, (1, 2), keepdims=True)
    transferred = (photo - mean) * spread
    transferred += tf.reduce_mean(painting, (1, 2), keepdims=True)
    detail = draw.uniform(0, 1.5, 1, 1, 1) * (painting - _blurred(painting))
    is_transferred = draw.chance(0.2)
    photo += is_transferred * (transferred + detail - photo)
    # Of what is left, a third each are photos, paintings and blends.
    share = tf.clip_by_value(draw.uniform(-1, 2, 1, 1, 1), 0, 1)
    x = photo + (1 - is_transferred) * share * (painting - photo)
    x += draw.chance(0.5) * (random_pictures.recolor(x, draw) - x)
    x += draw.chance(0.2) * _noise(x, draw)
    # A network that starts is grey, one that overshoots leaves 0..255.
    grey = tf.reduce_mean(x, (1, 2), keepdims=True)
    contrast = draw.uniform(0.1, 1.8, 1, 1, 1)
    x += draw.chance(0.2) * (contrast - 1) * (x - grey)
    return tf.clip_by_value(x, _LOW, _HIGH)


def disturb(pictures: Any, paintings: Any, draw: random_pictures.Draw) -> Any:
    """Each picture and a disturbance, small or large.

    Noise, a painting's detail, a blend with it, or blur.
    """
    kind = draw.uniform(0, 1, 1, 1, 1)
    strength = draw.uniform(0.05, 1, 1, 1, 1)
    changes = (
        (0.35, _noise(pictures, draw)),
        (0.6, strength * (paintings - _blurred(paintings))),
        (0.85, 0.5 * strength * (paintings - pictures)),
        (1.0, strength * (_blurred(pictures) - pictures)),
    )
    change = tf.zeros_like(pictures)
    for upper, each in reversed(changes):
        change = tf.where(kind < upper, each, change)
    return tf.clip_by_value(pictures + change, _LOW, _HIGH)


def _deviation(x):
    return tf.math.reduce_std(x, (1, 2), keepdims=True) + 4.0


def _blurred(x):
    for _ in range(2):
        x = tf.nn.avg_pool2d(x, 5, 1, "SAME")
    return x


def _noise(x, draw):
    """Noise of random strength, coarseness and colour; zero mean."""
    fine = draw.normal(*x.shape[1:])
    coarse = tf.image.resize(
        draw.normal(x.shape[1] // 4, x.shape[2] // 4, 3),
        x.shape[1:3],
        method="nearest",
    )
    colour = draw.chance(0.5)
    noise = tf.where(draw.chance(0.5) > 0, fine, coarse)
    grey = tf.reduce_mean(noise, -1, keepdims=True)
    strength = 2.0 * 30.0 ** draw.uniform(0, 1, 1, 1, 1)
    return strength * (grey + colour * (noise - grey))
