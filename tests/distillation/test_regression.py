import numpy as np
import pytest
from keras import ops

from fast_depth_style.distillation.regression import LAYERS, regression_loss
from fast_depth_style.perception.compact_perceptual import COMPONENTS


def _features(draw, pictures=4):
    return {
        name: draw.normal(size=(pictures, 6, 5, count)).astype(np.float32)
        for name, count in COMPONENTS.items()
    }


def test_the_loss_of_a_perfect_student_is_nothing():
    features = _features(np.random.default_rng(0))
    loss, _ = regression_loss(_tensors(features), _tensors(features), 1.0, 1.0)
    assert float(loss) == 0


def test_the_terms_are_those_of_a_numpy_computation():
    draw = np.random.default_rng(0)
    wanted, given = _features(draw), _features(draw)
    loss, terms = regression_loss(_tensors(given), _tensors(wanted), 2.0, 0.25)
    for row, name in zip(np.array(terms), LAYERS, strict=True):
        expected = np.zeros(3)
        for one in range(4):
            s = given[name][one].reshape(30, -1).astype(float)
            t = wanted[name][one].reshape(30, -1).astype(float)
            power = np.mean(t**2)
            spread = np.mean((t - t.mean(0)) ** 2)
            expected[0] += np.mean((s - t) ** 2) / (spread + 0.1 * power) / 4
            wrong = np.sum((s.T @ s - t.T @ t) ** 2)
            expected[1] += wrong / np.sum((t.T @ t) ** 2) / 4
        for one in range(2):
            ds = given[name][one + 2] - given[name][one]
            dt = wanted[name][one + 2] - wanted[name][one]
            power = np.mean(wanted[name][one] ** 2)
            change = np.mean((ds - dt) ** 2)
            expected[2] += change / (np.mean(dt**2) + 1e-3 * power) / 2
        np.testing.assert_allclose(row, expected, rtol=1e-4)
    means = np.array(terms).mean(axis=0)
    assert float(loss) == pytest.approx(means @ [1, 2, 0.25], rel=1e-5)


def _tensors(features):
    return {name: ops.array(array) for name, array in features.items()}
