import numpy as np
import pytest

from fast_depth_style.evaluation import statistics


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(3, 2, 400)


def test_mean_and_its_interval(values):
    found = statistics.mean(values)
    assert found.value == pytest.approx(values.mean())
    # The normal approximation holds for 400 values.
    half = 1.96 * values.std() / np.sqrt(values.size)
    assert found.low == pytest.approx(values.mean() - half, abs=0.03)
    assert found.high == pytest.approx(values.mean() + half, abs=0.03)
    assert found.count == 400


def test_intervals_hold_the_truth_as_often_as_they_say():
    generator = np.random.default_rng(1)
    hits = 0
    for _ in range(200):
        found = statistics.mean(generator.exponential(1.0, 60))
        hits += found.low <= 1.0 <= found.high
    assert 0.89 <= hits / 200 <= 0.99


def test_same_photos_same_interval(values):
    assert statistics.mean(values) == statistics.mean(values.copy())


def test_difference_is_paired(values):
    # A hard photo is hard for both: unpaired, the interval would be 0.4 wide.
    found = statistics.difference(values + 0.5, values)
    assert found.value == pytest.approx(0.5)
    assert found.low == pytest.approx(0.5)
    assert found.high == pytest.approx(0.5)


def test_ratio_is_of_the_means_and_paired():
    reference = np.array([1.0, 2.0, 9.0])
    found = statistics.ratio(np.array([2.0, 2.0, 2.0]), reference)
    assert found.value == pytest.approx(0.5)
    assert found.low == pytest.approx(2 / 9)
    assert found.high == pytest.approx(2)
    halved = statistics.ratio(reference / 2, reference)
    assert (halved.low, halved.high) == pytest.approx((0.5, 0.5))


def test_photos_without_a_value_have_no_part():
    values = np.array([1.0, np.nan, 3.0, 4.0])
    reference = np.array([1.0, 1.0, np.nan, 2.0])
    assert statistics.mean(values).value == pytest.approx(8 / 3)
    assert statistics.mean(values).count == 3
    found = statistics.difference(values, reference)
    assert (found.value, found.count) == (1.0, 2)
    assert statistics.ratio(values, reference).value == pytest.approx(5 / 3)


def test_no_photo_at_all():
    found = statistics.mean(np.array([np.nan]))
    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.count == 0


def test_ratio_to_nothing_has_no_value(values):
    found = statistics.ratio(values, 0 * values)
    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.count == 400
