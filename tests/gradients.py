"""Gradients against differences of values."""

import numpy as np


def assert_gradient(function, values, step=None, tolerance=2e-2, random=3):
    """Compares a gradient with (f(x + h d) - f(x - h d)) / 2h.

    `function` makes a scalar of a float32 tensor x, `values`; h d is `step`
    long, by default a thousandth of the largest value, d the gradient's own
    direction and some at random. The tolerance is relative to the gradient.
    """
    import tensorflow as tf

    function = tf.function(function, autograph=False)
    values = np.asarray(values, "float32")
    variable = tf.Variable(values)
    with tf.GradientTape() as tape:
        result = function(variable)
    gradient = tape.gradient(result, variable).numpy().astype("float64")
    length = np.linalg.norm(gradient)
    assert length > 0 and np.isfinite(length)
    step = step or 1e-3 * max(np.abs(values).max(), 1.0)
    draw = np.random.default_rng(1)
    for direction in (gradient, *draw.normal(size=(random, *values.shape))):
        direction = direction / np.linalg.norm(direction) * step
        ahead, behind = (
            float(function(tf.constant(x, tf.float32)))
            for x in (values + direction, values - direction)
        )
        slope = np.sum(gradient * direction)
        assert abs((ahead - behind) / 2 - slope) < tolerance * length * step


def assert_close(found, expected, tolerance=1e-4):
    """Compares within a part of the largest expected value."""
    found, expected = np.asarray(found, "f8"), np.asarray(expected, "f8")
    bound = tolerance * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound)
