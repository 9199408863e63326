import numpy as np

from fast_depth_style.training.learning_rate import ConstantThenLinear


def test_the_rate_is_constant_then_falls_to_a_tenth():
    schedule = ConstantThenLinear(2.0, steps=100, decay_from=0.4)

    rates = [float(schedule(step)) for step in (0, 39, 40, 70, 100, 150)]

    # Halfway from step 40 to 100 it is halfway from 2 to 0.2.
    np.testing.assert_allclose(rates, [2, 2, 2, 1.1, 0.2, 0.2], rtol=1e-6)


def test_a_rate_that_never_falls():
    schedule = ConstantThenLinear(2.0, steps=100, decay_from=1.0)

    assert float(schedule(99)) == 2.0


def test_the_config_makes_the_same_schedule():
    schedule = ConstantThenLinear(3e-4, steps=10, decay_from=0.5)
    copy = ConstantThenLinear.from_config(schedule.get_config())

    assert float(copy(8)) == float(schedule(8))
