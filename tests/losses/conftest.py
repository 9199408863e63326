"""What every test of a loss needs."""

import keras
import numpy as np
import pytest


def _assert_gradient(function, values, tolerance=2e-2):
    """Compares the gradient with a numerical one, in random directions.

    The derivative along a direction is (f(x + h d) - f(x - h d)) / 2h.
    """
    import tensorflow as tf

    values = np.asarray(values, "float32")
    variable = tf.Variable(values)
    with tf.GradientTape() as tape:
        result = function(variable)
    gradient = tape.gradient(result, variable).numpy().astype("float64")
    assert np.abs(gradient).max() > 0
    generator = np.random.default_rng(1)
    step = 1e-3 * max(np.abs(values).max(), 1.0)
    # Along the gradient itself, then anywhere.
    directions = [gradient, *generator.normal(size=(3, *values.shape))]
    for direction in directions:
        direction = direction / np.linalg.norm(direction) * step
        ahead, behind = (
            float(function(keras.ops.convert_to_tensor(x.astype("float32"))))
            for x in (values + direction, values - direction)
        )
        numerical = (ahead - behind) / 2
        analytical = float(np.sum(gradient * direction))
        scale = np.linalg.norm(gradient) * np.linalg.norm(direction)
        assert abs(numerical - analytical) < tolerance * scale


@pytest.fixture
def assert_gradient():
    return _assert_gradient
