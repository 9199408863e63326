"""Both minimizers on losses whose minimum is known."""

import sys

import numpy as np
import pytest

from fast_depth_style.errors import MissingExtraError
from fast_depth_style.optimization.minimizers import minimizer
from fast_depth_style.optimization.objective import LossValue

_GOAL = np.random.default_rng(0).uniform(0, 255, (4, 5, 3))
_SCALES = np.random.default_rng(1).uniform(1, 30, (4, 5, 3))
_START = np.full((4, 5, 3), 128.0, "float32")


def _bowl(picture):
    # As small, by pixel, as the gradient of a real objective.
    difference = (picture - _GOAL) * 1e-4
    loss = float(np.sum(_SCALES * difference**2))
    return LossValue(loss, {"bowl": loss}, {}, 2e-4 * _SCALES * difference)


@pytest.mark.parametrize(
    "name, iterations, error", [("lbfgs", 60, 0.1), ("adam", 300, 1)]
)
def test_it_finds_the_minimum(name, iterations, error):
    steps = []

    def report(picture, found):
        steps.append((picture, found.loss))
        if name == "lbfgs":  # Adam reports the loss before the step.
            assert found.loss == pytest.approx(_bowl(picture).loss, rel=1e-4)
        return True

    minimizer(name, 5.0)(_bowl, _START, iterations, report)

    assert len(steps) <= iterations
    assert steps[0][0].dtype == np.float32
    assert steps[-1][1] < 1e-3 * steps[0][1]
    np.testing.assert_allclose(steps[-1][0], _GOAL, atol=error)


@pytest.mark.parametrize("name", ["lbfgs", "adam"])
def test_it_stops_when_told(name):
    calls = []

    def report(picture, found):
        calls.append(found.loss)
        return len(calls) < 3

    minimizer(name, 5.0)(_bowl, _START, 50, report)

    assert len(calls) == 3


def test_lbfgs_ends_where_nothing_is_to_gain():
    flat = LossValue(1.0, {}, {}, np.zeros((4, 5, 3)))
    calls = []

    minimizer("lbfgs", 5.0)(
        lambda _: flat, _START, 50, lambda *_: calls.append(1) or True
    )

    assert len(calls) <= 1


def test_without_scipy_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)

    with pytest.raises(MissingExtraError, match=r"lbfgs.*\[optimize\]"):
        minimizer("lbfgs", 3.0)
    assert minimizer("adam", 3.0)
