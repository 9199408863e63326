import numpy as np
import pytest

from fast_depth_style.evaluation.depth_metrics import DepthMetrics, evaluators
from fast_depth_style.evaluation.evaluator import Sample

PERFECT = {
    "raw": 0,
    "aligned": 0,
    "squared": 0,
    "rmse": 0,
    "abs_rel": 0,
    "delta1": 1,
    "spearman": 1,
    "ordinal": 0,
    "edges": 1,
}


def _measure(judge, photo, *pictures):
    found = DepthMetrics("j", judge).measure(Sample(photo, np.stack(pictures)))
    return [
        {name.removeprefix("depth.j."): v for name, v in one.items()}
        for one in found
    ]


def test_one_evaluator_per_judge(make_context, brightness):
    context = make_context(a=brightness(), b=brightness())
    assert [e.name for e in evaluators(context)] == ["a", "b"]


@pytest.mark.parametrize("is_metric", [True, False])
@pytest.mark.parametrize("quantity", ["depth", "inverse_depth"])
def test_photo_itself(brightness, photo, quantity, is_metric):
    (found,) = _measure(brightness(quantity, is_metric), photo, photo)
    assert found == pytest.approx(PERFECT, abs=1e-6)


def test_darker_picture_keeps_all_but_the_raw_depth(brightness, photo):
    # Metres fall by 1 everywhere: 51 grey levels.
    (found,) = _measure(brightness(), photo + 26, photo - 25)
    assert found["squared"] == pytest.approx(1.0, abs=1e-4)
    variance = np.var(np.asarray(brightness()(photo[None].astype("float32"))))
    assert found["raw"] == pytest.approx(1 / variance, rel=1e-3)
    expected = {k: v for k, v in PERFECT.items() if k not in ("raw", "squared")}
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, abs=1e-3), key


def test_flat_picture(brightness, photo):
    (found,) = _measure(brightness(), photo, np.full_like(photo, 100))
    assert found["aligned"] == pytest.approx(1, abs=1e-6)
    assert found["spearman"] == 0
    assert found["ordinal"] == 0.5


@pytest.mark.parametrize("quantity", ["depth", "inverse_depth"])
def test_relative_judges_unit_does_not_matter(brightness, photo, quantity):
    picture = np.clip(
        photo.astype(int) + np.arange(32)[:, None], 0, 255
    ).astype("uint8")
    (one,), (other,) = (
        _measure(brightness(quantity, False, gain), photo, picture)
        for gain in (0.02, 30.0)
    )
    for key in set(PERFECT) - {"squared", "rmse"}:
        assert one[key] == pytest.approx(other[key], abs=1e-4), key
    assert 0 < one["delta1"] < 1 or one["abs_rel"] > 0


def test_flat_photo_has_no_ratios(brightness, photo):
    flat = np.full_like(photo, 100)
    (found,) = _measure(brightness("inverse_depth", False), flat, photo)
    for key in ("raw", "aligned", "abs_rel", "delta1", "spearman", "edges"):
        assert np.isnan(found[key]), key
