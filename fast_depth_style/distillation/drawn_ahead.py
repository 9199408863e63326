"""Batches of varied pictures, drawn ahead of need by other processes."""

import collections
import multiprocessing
import os
from collections.abc import Iterator
from concurrent import futures

import numpy as np

from fast_depth_style.distillation.varied_pictures import VariedPictures


def drawn_ahead(
    pictures: VariedPictures, count: int, seed: int, first: int, last: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draws the batches of some steps, on all cores but one.

    Args:
        pictures: What to draw from.
        count: Pictures of a batch.
        seed: A batch depends on it and on its step alone.
        first: The first step.
        last: The step after the last one.

    Yields:
        Pictures and disturbed ones: twice (count, size, size, 3) float32.
    """
    processes = max(1, len(os.sched_getaffinity(0)) - 1)
    # Not forked: a process that computes on threads may hang in its copy.
    context = multiprocessing.get_context("spawn")
    with futures.ProcessPoolExecutor(
        processes, context, _keep, (pictures, count, seed)
    ) as pool:
        ahead = collections.deque()
        for step in range(first, last):
            while len(ahead) < 2 * processes and step + len(ahead) < last:
                ahead.append(pool.submit(_draw, step + len(ahead)))
            yield ahead.popleft().result()


def _keep(*source):
    global _source
    _source = source


def _draw(step):
    return batch(*_source, step)


def batch(
    pictures: VariedPictures, count: int, seed: int, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """The batch of one step; see `drawn_ahead`."""
    rng = np.random.default_rng((seed, 1, step))
    first = [pictures.varied(rng) for _ in range(count)]
    second = [pictures.disturbed(one, rng) for one in first]
    return np.stack(first), np.stack(second)
