import numpy as np
import pytest

from fast_depth_style.evaluation.evaluator import Sample
from fast_depth_style.evaluation.measured_depth_metrics import (
    MeasuredDepthMetrics,
    evaluators,
    shrink,
)


def test_shrink_takes_the_nearest_pixel():
    values = np.arange(16.0).reshape(4, 4)
    np.testing.assert_array_equal(shrink(values, (2, 2)), [[5, 7], [13, 15]])
    np.testing.assert_array_equal(shrink(values, (4, 4)), values)
    values[1, 1] = np.nan
    assert np.isnan(shrink(values, (2, 2))).sum() == 1


def test_only_where_depth_was_measured(make_context, brightness):
    assert evaluators(make_context(a=brightness())) == []
    context = make_context(measured=True, a=brightness(), b=brightness())
    assert [e.name for e in evaluators(context)] == ["a", "b"]


def _measure(judge, photo, measured):
    sample = Sample(photo, photo[None], measured)
    (found,) = MeasuredDepthMetrics("j", judge).measure(sample)
    return {name.removeprefix("measured.j."): v for name, v in found.items()}


def _double(values):
    return np.kron(values, np.ones((2, 2))).astype("float32")


@pytest.fixture
def seen(brightness, photo):
    """What the judge sees, (16, 16), and the same with holes at 32x32."""
    depth = np.asarray(brightness()(photo[None].astype("float32")))[0]
    measured = _double(depth)
    measured[20:26, 4:30] = np.nan
    return depth, measured


def test_metric_judge_that_is_right(brightness, photo, seen):
    found = _measure(brightness(), photo, seen[1])
    perfect = {"delta1": 1, "raw_delta1": 1, "spearman": 1, "edges": 1}
    for key, value in found.items():
        assert value == pytest.approx(perfect.get(key, 0), abs=1e-5), key


def test_metric_judge_a_metre_off(brightness, photo, seen):
    depth, measured = seen
    found = _measure(brightness(), photo, measured + 1)
    assert found["raw_rmse"] == pytest.approx(1, rel=1e-5)
    assert found["rmse"] == pytest.approx(0, abs=1e-5)
    known = np.isfinite(shrink(measured, depth.shape))
    expected = np.mean(1 / (depth[known] + 1))
    assert found["raw_abs_rel"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("is_metric", [True, False])
def test_inverse_depth_is_aligned_as_such(brightness, photo, seen, is_metric):
    nearness, measured = seen
    metres = 1 / (0.1 * measured + 0.05)
    judge = brightness("inverse_depth", is_metric)
    found = _measure(judge, photo, metres)
    assert ("raw_rmse" in found) == is_metric
    assert found["rmse"] == pytest.approx(0, abs=1e-3)
    assert found["delta1"] == 1
    assert found["spearman"] == pytest.approx(1)
    assert found["ordinal"] == 0


def test_photo_without_any_measurement(brightness, photo):
    unknown = np.full((32, 32), np.nan, "float32")
    for quantity in ("depth", "inverse_depth"):
        found = _measure(brightness(quantity), photo, unknown)
        assert np.isnan(list(found.values())).all()
