import multiprocessing

import numpy as np

from fast_depth_style.distillation.drawn_ahead import batch, drawn_ahead
from fast_depth_style.distillation.varied_pictures import VariedPictures


def _pictures():
    draw = np.random.default_rng(0)
    photos = [draw.integers(0, 256, (48, 40, 3), np.uint8) for _ in range(4)]
    return VariedPictures(photos[:3], photos[3:], 32)


def test_other_processes_draw_the_batches_of_the_steps_in_order():
    pictures = _pictures()
    drawn = list(drawn_ahead(pictures, 2, seed=5, first=3, last=7))
    assert len(drawn) == 4
    for step, (first, second) in enumerate(drawn, 3):
        wanted = batch(pictures, 2, 5, step)
        np.testing.assert_array_equal(first, wanted[0])
        np.testing.assert_array_equal(second, wanted[1])
        assert first.shape == second.shape == (2, 32, 32, 3)


def test_batches_differ_by_step_and_by_seed():
    pictures = _pictures()
    first = batch(pictures, 2, 5, 3)[0]
    assert np.abs(first - batch(pictures, 2, 5, 4)[0]).max() > 1
    assert np.abs(first - batch(pictures, 2, 6, 3)[0]).max() > 1


def test_whoever_stops_early_leaves_no_process_behind():
    batches = drawn_ahead(_pictures(), 1, seed=0, first=0, last=10**9)
    next(batches)
    assert multiprocessing.active_children()

    batches.close()

    assert not multiprocessing.active_children()
