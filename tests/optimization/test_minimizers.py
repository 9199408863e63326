"""Both minimizers on losses whose minimum is known."""

import numpy as np
import pytest

from fast_depth_style.optimization.minimizers import (
    minimize_adam,
    minimize_lbfgs,
)
from fast_depth_style.optimization.objective import Judgement

_GOAL = np.random.default_rng(0).uniform(0, 255, (4, 5, 3))
_SCALES = np.random.default_rng(1).uniform(1, 30, (4, 5, 3))
_START = np.full((4, 5, 3), 128.0, "float32")


def _bowl(picture):
    # As small, by pixel, as the gradient of a real objective.
    difference = (picture - _GOAL) * 1e-4
    loss = float(np.sum(_SCALES * difference**2))
    return Judgement(loss, {"bowl": loss}, 2e-4 * _SCALES * difference)


def _adam(*arguments):
    minimize_adam(*arguments, learning_rate=5.0)


@pytest.mark.parametrize(
    "minimize, iterations, error", [(minimize_lbfgs, 60, 0.1), (_adam, 300, 1)]
)
def test_it_finds_the_minimum(minimize, iterations, error):
    steps = []

    def report(picture, judgement):
        steps.append((picture, judgement.loss))
        return True

    minimize(_bowl, _START, iterations, report)

    assert len(steps) <= iterations
    assert steps[0][0].dtype == np.float32
    assert steps[-1][1] < 1e-3 * steps[0][1]
    np.testing.assert_allclose(steps[-1][0], _GOAL, atol=error)


def test_lbfgs_reports_the_loss_of_the_picture_it_reports():
    def report(picture, judgement):
        assert judgement.loss == pytest.approx(_bowl(picture).loss, rel=1e-4)
        return True

    minimize_lbfgs(_bowl, _START, 10, report)


@pytest.mark.parametrize("minimize", [minimize_lbfgs, _adam])
def test_it_stops_when_told(minimize):
    calls = []

    def report(picture, judgement):
        calls.append(judgement.loss)
        return len(calls) < 3

    minimize(_bowl, _START, 50, report)

    assert len(calls) == 3


def test_lbfgs_ends_where_nothing_is_to_gain():
    flat = Judgement(1.0, {}, np.zeros((4, 5, 3)))
    calls = []

    minimize_lbfgs(
        lambda _: flat, _START, 50, lambda *_: calls.append(1) or True
    )

    assert len(calls) <= 1
