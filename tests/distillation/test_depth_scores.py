import numpy as np
import pytest
from scipy import optimize, stats

from fast_depth_style.distillation.depth_scores import depth_scores


def test_perfect_up_to_scale_and_shift():
    metres = np.random.default_rng(0).uniform(1, 8, (20, 30))
    assert depth_scores(3 / metres - 0.2, metres) == pytest.approx((1, 1))


def test_an_estimate_upside_down_is_minus_one():
    metres = np.random.default_rng(0).uniform(1, 8, (20, 30))
    assert depth_scores(metres, metres)[0] == pytest.approx(-1)


def test_agrees_with_scipy_where_values_repeat_and_are_missing():
    draw = np.random.default_rng(1)
    metres = np.round(draw.uniform(1, 8, (20, 30)), 1)
    estimate = np.round(1 / metres + draw.normal(0, 0.1, metres.shape), 1)
    metres[draw.uniform(size=metres.shape) < 0.2] = 0
    known = metres > 0
    ours, within = depth_scores(estimate, metres)
    truth = 1 / metres[known]
    assert ours == pytest.approx(stats.spearmanr(estimate[known], truth)[0])
    (scale, shift), _ = optimize.curve_fit(
        lambda x, a, b: a * x + b, estimate[known], truth
    )
    aligned = 1 / np.clip(scale * estimate[known] + shift, 1 / 80, 10)
    ratio = np.maximum(aligned / metres[known], metres[known] / aligned)
    assert within == pytest.approx((ratio < 1.25).mean(), abs=1e-6)
    assert 0.1 < within < 0.9
