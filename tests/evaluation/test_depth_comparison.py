import numpy as np
import pytest
from scipy import stats

from fast_depth_style.evaluation import depth_comparison as compare

ALL = [
    compare.squared_difference,
    compare.relative_squared_difference,
    compare.root_mean_squared_error,
    compare.absolute_relative_error,
    compare.share_within,
    compare.spearman,
    compare.ordinal_error,
    compare.edge_f_score,
]
PERFECT = dict(zip(ALL, (0, 0, 0, 0, 1, 1, 0, 1), strict=True))


@pytest.fixture
def target():
    """A room: a floor that recedes, two boxes in front, in metres."""
    depth = np.linspace(5, 1, 40)[:, None] * np.ones((40, 50))
    depth[15:35, 5:20] = 1.5
    depth[8:25, 28:44] = 2.5
    return depth


@pytest.fixture
def noisy(target):
    return target + np.random.default_rng(0).normal(0, 0.4, target.shape)


@pytest.mark.parametrize("metric", ALL, ids=lambda m: m.__name__)
def test_perfect_map(metric, target):
    assert metric(target, target) == pytest.approx(PERFECT[metric], abs=1e-12)


@pytest.mark.parametrize("metric", ALL, ids=lambda m: m.__name__)
def test_known_scale_and_shift_are_undone(metric, target):
    aligned = compare.align(0.25 * target + 7, target)
    assert metric(aligned, target) == pytest.approx(PERFECT[metric], abs=1e-9)


def test_align_is_least_squares(target, noisy):
    columns = np.stack([noisy.ravel(), np.ones(noisy.size)], axis=1)
    solution, *_ = np.linalg.lstsq(columns, target.ravel())
    expected = (columns @ solution).reshape(target.shape)
    np.testing.assert_allclose(compare.align(noisy, target), expected)


def test_align_flat_map_to_the_mean(target):
    aligned = compare.align(np.full(target.shape, 3.0), target)
    np.testing.assert_allclose(aligned, target.mean(), rtol=1e-6)


def test_by_hand():
    target = np.array([[1.0, 2.0], [4.0, 5.0]])
    depth = np.array([[2.0, 2.0], [4.0, 7.0]])
    # Differences 1, 0, 0, 2; variance of the target 2.5.
    assert compare.squared_difference(depth, target) == 5 / 4
    assert compare.relative_squared_difference(depth, target) == 0.5
    assert compare.root_mean_squared_error(depth, target) == np.sqrt(1.25)
    assert compare.absolute_relative_error(depth, target) == pytest.approx(
        (1 + 0 + 0 + 0.4) / 4
    )
    # Ratios 2, 1, 1, 1.4.
    assert compare.share_within(depth, target) == 0.5
    assert compare.share_within(depth, target, ratio=1.5) == 0.75


def test_share_within_is_symmetric_and_strict():
    near, far = np.array([[4.0]]), np.array([[5.0]])
    assert compare.share_within(near, far) == 0
    assert compare.share_within(far, near) == 0
    assert compare.share_within(near, far, ratio=1.26) == 1
    assert compare.share_within(-far, far) == 0


def test_shift_costs_the_raw_error_only(target):
    shifted = target + 0.5
    assert compare.squared_difference(shifted, target) == pytest.approx(0.25)
    assert compare.spearman(shifted, target) == pytest.approx(1)
    assert compare.ordinal_error(shifted, target) == 0
    assert compare.edge_f_score(shifted, target) == 1


def test_flat_map(target):
    flat = compare.align(np.full(target.shape, 2.0), target)
    assert compare.relative_squared_difference(flat, target) == pytest.approx(1)
    assert compare.spearman(flat, target) == 0
    assert compare.ordinal_error(flat, target) == 0.5
    assert compare.edge_f_score(flat, target) == 0


def test_inverted_map(target):
    assert compare.spearman(-target, target) == pytest.approx(-1)
    assert compare.ordinal_error(-target, target) == 1


def test_permuted_map(target):
    shuffled = np.random.default_rng(0).permutation(target.ravel())
    shuffled = shuffled.reshape(target.shape)
    aligned = compare.align(shuffled, target)
    error = compare.relative_squared_difference(aligned, target)
    assert error == pytest.approx(1, abs=0.02)
    assert compare.spearman(shuffled, target) == pytest.approx(0, abs=0.1)
    assert compare.ordinal_error(shuffled, target) == pytest.approx(
        0.5, abs=0.05
    )


def test_spearman_against_scipy(target, noisy):
    expected = stats.spearmanr(noisy.ravel(), target.ravel()).statistic
    assert compare.spearman(noisy, target) == pytest.approx(expected)


def test_ordinal_error_against_every_pair():
    generator = np.random.default_rng(0)
    target, depth = generator.uniform(1, 5, (2, 6, 7))
    margin = compare.ORDINAL_MARGIN * np.std(target)
    wrong = [
        (a < b) != (c < d)
        for a, c in zip(target.flat, depth.flat, strict=True)
        for b, d in zip(target.flat, depth.flat, strict=True)
        if abs(a - b) > margin
    ]
    assert compare.ordinal_error(depth, target) == pytest.approx(
        np.mean(wrong), abs=0.03
    )


def test_ordinal_error_depends_on_its_seed_only(target, noisy):
    first = compare.ordinal_error(noisy, target)
    assert compare.ordinal_error(noisy, target) == first
    assert compare.ordinal_error(noisy, target, seed=1) != first


def test_edges_by_hand():
    target = np.zeros((40, 40))
    target[:, 20:] = 1
    # Both columns at the step pass; the map's step is 2 columns away, within
    # the tolerance, then 20 away.
    near, far = np.zeros((2, 40, 40))
    near[:, 22:] = 1
    far[:, :2] = 1
    assert compare.edge_f_score(near, target) == 1
    assert compare.edge_f_score(far, target) == 0
    # One false edge of two columns beside a true one: precision 1/2, recall 1.
    both = target.copy()
    both[:, 5:] += 1
    assert compare.edge_f_score(both, target) == pytest.approx(2 / 3)


def test_flat_target_says_nothing():
    flat = np.full((20, 20), 2.0)
    depth = np.random.default_rng(0).uniform(size=flat.shape)
    assert np.isnan(compare.relative_squared_difference(depth, flat))
    assert np.isnan(compare.spearman(depth, flat))
    assert np.isnan(compare.ordinal_error(depth, flat))
    assert np.isnan(compare.edge_f_score(depth, flat))
    np.testing.assert_allclose(compare.align(depth, flat), 2.0)


@pytest.mark.parametrize("metric", ALL, ids=lambda m: m.__name__)
def test_unknown_pixels_count_nowhere(metric, target, noisy):
    holes = target.copy()
    holes[5:9, 30:40] = np.nan
    expected = metric(noisy, holes)
    assert np.isfinite(expected)
    spoilt = noisy.copy()
    spoilt[5:9, 30:40] = 1e6
    assert metric(spoilt, holes) == pytest.approx(expected, rel=1e-12)


def test_align_with_unknown_pixels(target):
    holes = target.copy()
    holes[5:9, 30:40] = np.nan
    depth = 2 * target + 1
    depth[5:9, 30:40] = -50
    aligned = compare.align(depth, holes)
    known = np.isfinite(holes)
    np.testing.assert_allclose(aligned[known], target[known], rtol=1e-6)


@pytest.mark.parametrize("metric", ALL, ids=lambda m: m.__name__)
def test_nothing_known(metric, target):
    unknown = np.full(target.shape, np.nan)
    assert np.isnan(metric(target, unknown))
    assert np.isnan(compare.align(target, unknown)).all()
