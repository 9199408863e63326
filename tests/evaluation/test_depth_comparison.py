import numpy as np
import pytest
from scipy import stats

from fast_depth_style.evaluation import depth_comparison as compare

PERFECT = {
    compare.squared_difference: 0,
    compare.relative_squared_difference: 0,
    compare.root_mean_squared_error: 0,
    compare.absolute_relative_error: 0,
    compare.share_within: 1,
    compare.spearman: 1,
    compare.edge_f_score: 1,
}
each_metric = pytest.mark.parametrize(
    "metric", PERFECT, ids=lambda m: m.__name__
)


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


@each_metric
def test_perfect_map(metric, target):
    assert metric(target, target) == pytest.approx(PERFECT[metric], abs=1e-12)
    aligned = compare.align(0.25 * target + 7, target)
    assert metric(aligned, target) == pytest.approx(PERFECT[metric], abs=1e-9)


@each_metric
def test_unknown_pixels_count_nowhere(metric, target, noisy):
    holes, spoilt = target.copy(), noisy.copy()
    holes[5:9, 30:40] = np.nan
    spoilt[5:9, 30:40] = 1e6
    expected = metric(noisy, holes)
    assert np.isfinite(expected)
    assert metric(spoilt, holes) == pytest.approx(expected, rel=1e-12)
    unknown = np.full(target.shape, np.nan)
    assert np.isnan(metric(target, unknown))


def test_align_is_least_squares(target, noisy):
    columns = np.stack([noisy.ravel(), np.ones(noisy.size)], axis=1)
    solution, *_ = np.linalg.lstsq(columns, target.ravel())
    expected = (columns @ solution).reshape(target.shape)
    np.testing.assert_allclose(compare.align(noisy, target), expected)
    holes, spoilt = target.copy(), noisy.copy()
    holes[5:9, 30:40], spoilt[5:9, 30:40] = np.nan, 1e6
    found = compare.align(2 * spoilt + 1, holes)[np.isfinite(holes)]
    expected = compare.align(noisy, holes)[np.isfinite(holes)]
    np.testing.assert_allclose(found, expected)
    assert np.isnan(compare.align(target, np.full(target.shape, np.nan))).all()


def test_by_hand():
    target = np.array([[1.0, 2.0], [4.0, 5.0]])
    depth = np.array([[2.0, 2.0], [4.0, 7.0]])
    # Differences 1, 0, 0, 2; variance of the target 2.5.
    assert compare.squared_difference(depth, target) == 5 / 4
    assert compare.relative_squared_difference(depth, target) == 0.5
    assert compare.root_mean_squared_error(depth, target) == np.sqrt(1.25)
    relative = compare.absolute_relative_error(depth, target)
    assert relative == pytest.approx((1 + 0 + 0 + 0.4) / 4)
    target[0, 0] = 0
    assert np.isnan(compare.absolute_relative_error(depth, target))


@pytest.mark.parametrize(
    "depth, target, ratio, share",
    [
        ([2, 2, 4, 7], [1, 2, 4, 5], 1.25, 0.5),  # Ratios 2, 1, 1, 1.4.
        ([2, 2, 4, 7], [1, 2, 4, 5], 1.5, 0.75),
        ([4], [5], 1.25, 0),  # Strictly less, either way.
        ([5], [4], 1.25, 0),
        ([4], [5], 1.26, 1),
        ([-5], [5], 1.25, 0),
    ],
)
def test_share_within(depth, target, ratio, share):
    maps = np.array([depth], float), np.array([target], float)
    assert compare.share_within(*maps, ratio) == share


def test_shifted_flat_inverted_and_permuted_maps(target):
    shifted, flat = target + 0.5, np.full(target.shape, 2.0)
    assert compare.squared_difference(shifted, target) == pytest.approx(0.25)
    for map_, rank, edges in ((shifted, 1, 1), (flat, 0, 0), (-target, -1, 1)):
        assert compare.spearman(map_, target) == pytest.approx(rank)
        aligned = compare.align(map_, target)
        assert compare.edge_f_score(aligned, target) == edges
    aligned = compare.align(flat, target)
    np.testing.assert_allclose(aligned, target.mean())
    relative = compare.relative_squared_difference
    assert relative(aligned, target) == pytest.approx(1)
    shuffled = np.random.default_rng(0).permutation(target.ravel())
    shuffled = shuffled.reshape(target.shape)
    aligned = compare.align(shuffled, target)
    assert relative(aligned, target) == pytest.approx(1, abs=0.02)
    assert compare.spearman(shuffled, target) == pytest.approx(0, abs=0.1)


def test_spearman_against_scipy(target, noisy):
    expected = stats.spearmanr(noisy.ravel(), target.ravel()).statistic
    assert compare.spearman(noisy, target) == pytest.approx(expected)


def test_edges_by_hand():
    target, near, far = np.zeros((3, 40, 40))
    target[:, 20:] = 1
    # Both columns at the step pass; the map's step is 2 columns away, within
    # the tolerance, then 20 away.
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
    assert np.isnan(compare.edge_f_score(depth, flat))
    np.testing.assert_allclose(compare.align(depth, flat), 2.0)
