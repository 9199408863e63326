import time

import numpy as np

from fast_depth_style.optimization.objective import Judgement
from fast_depth_style.optimization.progress import Progress
from fast_depth_style.optimization.terms import Terms

_JUDGEMENT = Judgement(2.0, {"style": 2.0}, np.zeros((1, 1, 3)))


def _progress(start=0):
    return Progress(Terms({"style": 1.0}), (10, 20), ((4, 4), (8, 8)), start)


def test_the_time_left_counts_pixels_not_iterations():
    progress = _progress()
    time.sleep(0.02)
    progress.close()

    # 16 pixels ten times, then 64 pixels ten times: 640 of 800 are left.
    done, left = progress.seconds_left(20), progress.seconds_left(10)
    elapsed = left * 160 / 640

    assert done == 0
    assert 0.02 <= elapsed < 2


def test_what_was_done_before_does_not_count_as_speed():
    progress = _progress(start=15)
    time.sleep(0.02)
    progress.close()

    left = progress.seconds_left(16)

    assert 4 * 0.02 <= left < 8


def test_every_term_is_shown_from_the_first_iteration(capsys):
    progress = _progress()
    progress.update(1, _JUDGEMENT)
    progress.close()

    shown = capsys.readouterr().err
    assert "1/20" in shown
    assert "left" in shown and "style 2 (100%)" in shown
