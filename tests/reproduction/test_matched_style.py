import numpy as np
import pytest

from fast_depth_style.reproduction.matched_style import match_style


def _constant(**values):
    return {name: np.full(10, value) for name, value in values.items()}


def test_depth_is_interpolated_at_the_style_of_the_reference():
    # By hand: 1.0 is a quarter of the way from 0.9 to 1.3, so the error is
    # 0.8 + 0.25 (0.4 - 0.8) = 0.7, of 2.0.
    style = _constant(none=1.0, weak=0.9, strong=1.3)
    depth = _constant(none=2.0, weak=0.8, strong=0.4)

    found = match_style(style, depth, "none")

    assert found.between == ("weak", "strong")
    assert found.ratio.value == pytest.approx(0.35)
    assert found.style_ratio == 1.0


def test_a_run_within_tolerance_counts_as_it_is():
    style = _constant(none=1.0, depth=1.04, more=1.2)
    depth = _constant(none=2.0, depth=1.0, more=0.2)

    found = match_style(style, depth, "none")

    assert found.between == ("depth",)
    assert found.ratio.value == pytest.approx(0.5)
    assert found.style_ratio == pytest.approx(1.04)


def test_depth_bought_with_style_is_not_a_match():
    style = _constant(none=1.0, depth=1.06, more=1.2)
    depth = _constant(none=2.0, depth=1.0, more=0.2)

    assert match_style(style, depth, "none") is None


def test_the_interval_is_that_of_the_photos():
    random = np.random.default_rng(0)
    reference = random.uniform(1, 3, 200)
    style = {"none": np.ones(200), "low": np.ones(200) * 0.8}
    style["high"] = np.ones(200) * 1.2
    depth = {
        "none": reference,
        "low": reference * 0.5,
        "high": random.uniform(0, 1, 200),
    }

    found = match_style(style, depth, "none").ratio

    between = (depth["low"] + depth["high"]) / 2
    assert found.value == pytest.approx(between.mean() / reference.mean())
    assert found.low < found.value < found.high
    assert found.count == 200
