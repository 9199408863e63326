"""Training batches: NumPy arrays for any backend, tf.data for TensorFlow."""

import collections
import itertools
import os
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import numpy as np

from fast_depth_style.content.source import PhotoSource

_AHEAD = 2  # Batches that are decoded ahead of the one that is asked for.


def batches(
    source: PhotoSource,
    image_size: int,
    batch_size: int,
    seed: int,
    start_step: int = 0,
) -> Iterator[np.ndarray]:
    """Yields batches of crops without end, decoded ahead by threads.

    Args:
        source: The photos.
        image_size: Height and width of a crop in pixels.
        batch_size: Crops in a batch.
        seed: Order and crops follow from it.
        start_step: Batches to leave out at the start; what follows is what an
            uninterrupted stream yields from there on.

    Yields:
        float32 arrays (batch_size, image_size, image_size, 3) in 0..255.
    """
    pool = futures.ThreadPoolExecutor(os.cpu_count())
    positions = itertools.count(start_step * batch_size)
    waiting: collections.deque[futures.Future] = collections.deque()
    try:
        while True:
            while len(waiting) < (1 + _AHEAD) * batch_size:
                waiting.append(
                    pool.submit(source.crop, next(positions), image_size, seed)
                )
            crops = [waiting.popleft().result() for _ in range(batch_size)]
            yield np.stack(crops).astype(np.float32)
    finally:
        pool.shutdown(cancel_futures=True)


def content_dataset(
    source: PhotoSource,
    image_size: int,
    batch_size: int,
    seed: int,
    start_step: int = 0,
) -> Any:
    """The same batches as an endless `tf.data.Dataset`; see `batches`.

    TensorFlow's own threads ask for the crops; with `batches` inside a
    `Dataset.from_generator` a step waits 2.4 times as long for its photos.
    """
    import tensorflow as tf

    def crop(index: np.ndarray) -> np.ndarray:
        return source.crop(int(index), image_size, seed)

    def crop_in_python(index: Any) -> Any:
        rgb = tf.numpy_function(crop, [index], tf.uint8, stateful=False)
        return tf.ensure_shape(rgb, (image_size, image_size, 3))

    first = start_step * batch_size
    return (
        tf.data.Dataset.range(first, np.iinfo(np.int64).max)
        .map(crop_in_python, tf.data.AUTOTUNE, deterministic=True)
        .batch(batch_size, drop_remainder=True)
        .map(lambda rgb: tf.cast(rgb, tf.float32))
        .prefetch(_AHEAD)
    )
