"""Training batches as NumPy arrays, for any backend."""

import collections
import itertools
import os
from collections.abc import Iterator
from concurrent import futures

import numpy as np

from fast_depth_style.content.photo_source import PhotoSource

# How many batches are decoded ahead of the one that is asked for.
_AHEAD = 2


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
    waiting = collections.deque()

    def ask_for_a_batch():
        for index in itertools.islice(positions, batch_size):
            waiting.append(pool.submit(source.crop, index, image_size, seed))

    try:
        for _ in range(_AHEAD):
            ask_for_a_batch()
        while True:
            ask_for_a_batch()
            crops = [waiting.popleft().result() for _ in range(batch_size)]
            yield np.stack(crops).astype(np.float32)
    finally:
        pool.shutdown(cancel_futures=True)
