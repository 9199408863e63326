"""Style, content and depth against independent computations."""

import dataclasses

import keras
import numpy as np
import pytest
from scipy import ndimage
from tiny_material import Brightness

from fast_depth_style.evaluation import depth_metrics, objective_metrics
from fast_depth_style.evaluation.evaluator import Sample, find_evaluators
from fast_depth_style.objective import Objective, style_target


def test_every_family_keeps_its_word(make_context, rgb):
    context = make_context(measured=True, one=Brightness(), two=Brightness())
    measured = np.full((96, 96), np.nan, "float32")
    measured[4:] = np.linspace(1, 5, 92)[:, None]
    measured[14:26, 12:24] = 8
    rgb[:40, :40] = 90  # Even.
    sample = Sample(rgb, np.stack([255 - rgb, rgb]), measured)
    names = []
    for evaluator in find_evaluators(context):
        for values in evaluator.measure(sample):
            assert list(values) == [m.name for m in evaluator.metrics]
            assert np.isfinite(list(values.values())).all()
        names += [metric.name for metric in evaluator.metrics]
    assert len(names) == len(set(names))
    kinds = {name.partition(".")[0] for name in names}
    assert kinds == {
        *("style", "content", "objective", "colour", "strokes", "depth"),
        "measured",
    }


def test_a_network_runs_once_for_all_who_ask(photo, perceptual):
    judge = Brightness()
    pictures = np.stack([255 - photo, photo, photo // 2, photo])
    sample = Sample(photo, pictures)
    found = sample.outputs(judge)
    assert sample.outputs(judge) is found and judge.calls == 1
    for one, picture in zip(found, [photo, *pictures], strict=True):
        expected = judge(picture[None].astype("float32"))[0]
        np.testing.assert_allclose(one, expected, rtol=1e-6)
    layers = sample.outputs(perceptual)
    expected = perceptual(pictures[2:3].astype("float32"))
    assert {*layers} == {"relu1_1", "relu2_1"}
    for name, features in layers.items():
        np.testing.assert_allclose(
            features[3], expected[name][0], rtol=1e-5, atol=1e-6
        )


# Style and content


def _halved(picture):
    height, width, _ = (n // 2 for n in picture.shape)
    return picture.reshape(height, 2, width, 2, 3).mean(axis=(1, 3))


def test_it_is_the_objective_of_training(measure, make_context, photo):
    context = make_context()
    settings, network = context.objective, context.perceptual

    def train(settings, picture, photo, painting):
        target = style_target(settings, network, painting)
        objective = Objective(settings, network, None, [target])
        picture, photo = (
            keras.ops.array(each[None], "float32") for each in (picture, photo)
        )
        terms = objective(picture, objective.targets(photo))
        return terms, objective.total(terms)

    pictures = [photo, 255 - photo]
    rows = measure(objective_metrics, context, photo, *pictures)
    one_scale = dataclasses.replace(settings, style_scales=1)
    for found, picture in zip(rows, pictures, strict=True):
        terms, total = train(settings, picture, photo, context.painting)
        assert {*terms} == {"style", "content", "tv", "range"}
        expected = {
            "style.loss": terms["style"],
            "content.loss": terms["content"],
            "objective.total": total,
            "objective.tv": terms["tv"],
        }
        at_hand = [picture, photo, context.painting]
        for scale in (1, 2, 4):
            terms, _ = train(one_scale, *at_hand)
            expected[f"style.scale{scale}"] = terms["style"]
            at_hand = [_halved(each) for each in at_hand]
        for name, value in expected.items():
            assert found[name] == pytest.approx(float(value), rel=1e-3), name
    assert rows[0] != rows[1]


def _ssim(a, b):
    """Wang et al. 2004, eq. 13, in windows of 11 pixels."""

    def mean(x):
        x = ndimage.gaussian_filter(x, (1.5, 1.5, 0), radius=(5, 5, 0))
        return x[5:-5, 5:-5]

    a, b = a.astype(float), b.astype(float)
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    x, y, covariance = mean(a), mean(b), mean(a * b) - mean(a) * mean(b)
    variances = mean(a * a) - x**2 + mean(b * b) - y**2
    luminance = (2 * x * y + low) / (x**2 + y**2 + low)
    return np.mean(luminance * (2 * covariance + high) / (variances + high))


def test_ssim_against_numpy(measure, make_context, photo):
    noise = np.random.default_rng(0).normal(0, 20, photo.shape)
    noisy = np.clip(photo + noise, 0, 255).astype("uint8")
    context = make_context()
    same, other = measure(objective_metrics, context, photo, photo, noisy)
    assert same["content.loss"] == 0 < other["content.loss"]
    assert same["content.ssim"] == pytest.approx(1)
    assert other["content.ssim"] == pytest.approx(_ssim(photo, noisy), abs=1e-3)


# Depth

PERFECT = {
    **dict.fromkeys(("raw", "aligned", "squared"), 0),
    **dict.fromkeys(("raw_blurred", "aligned_blurred"), 0),
    **dict.fromkeys(("spearman", "edges"), 1),
}


@pytest.fixture
def depth_of(measure, make_context):
    def depth_of(judge, photo, picture, measured=None):
        context = make_context(measured=measured is not None, j=judge)
        (row,) = measure(
            depth_metrics, context, photo, picture, measured=measured
        )
        kind = "depth.j." if measured is None else "measured.j."
        return {
            name.removeprefix(kind): value
            for name, value in row.items()
            if name.startswith(kind)
        }

    return depth_of


@pytest.mark.parametrize("is_metric", [True, False])
@pytest.mark.parametrize("quantity", ["depth", "inverse_depth"])
def test_depth_of_the_photo_itself(depth_of, photo, quantity, is_metric):
    judge = Brightness(quantity, is_metric)
    assert depth_of(judge, photo, photo) == pytest.approx(PERFECT, abs=1e-6)


def test_darker_picture_keeps_all_but_the_raw_depth(depth_of, photo):
    # Metres fall by 1 everywhere: 51 grey levels.
    found = depth_of(Brightness(), photo + 26, photo - 25)
    depth = np.asarray(Brightness()(photo[None].astype("float32")))
    for key, value in PERFECT.items():
        if "raw" not in key and key != "squared":
            assert found[key] == pytest.approx(value, abs=1e-3), key
    assert found["squared"] == pytest.approx(1.0, abs=1e-4)
    assert found["raw"] == pytest.approx(1 / np.var(depth), rel=1e-3)


def test_both_sides_are_blurred(depth_of, photo):
    noise = np.random.default_rng(0).integers(-30, 31, (*photo.shape[:2], 1))
    noisy = (photo.astype(int) + noise).clip(0, 255).astype("uint8")
    judge = Brightness()
    found = depth_of(judge, photo, noisy)
    soft, target = (
        np.asarray(judge(ndimage.gaussian_filter(each, (2, 2, 0))[None]))
        for each in (noisy.astype("float32"), photo.astype("float32"))
    )
    expected = np.mean((soft - target) ** 2) / np.var(target)
    assert found["raw_blurred"] == pytest.approx(expected, rel=1e-3)
    assert found["raw_blurred"] < 0.2 * found["raw"]
    assert 0 < found["aligned_blurred"] < found["raw_blurred"]


def test_flat_picture_and_flat_photo(depth_of, photo):
    flat = np.full_like(photo, 100)
    found = depth_of(Brightness(), photo, flat)
    assert found["aligned"] == pytest.approx(1, abs=1e-6)
    assert found["spearman"] == 0
    judge = Brightness("inverse_depth", False)
    found = depth_of(judge, flat, photo)
    for key in ("raw", "aligned", "aligned_blurred", "spearman", "edges"):
        assert np.isnan(found[key]), key


@pytest.fixture
def seen(photo):
    """What the judge sees, (16, 16), and the same with holes at 32x32."""
    depth = np.asarray(Brightness()(photo[None].astype("float32")))[0]
    measured = np.kron(depth, np.ones((2, 2))).astype("float32")
    measured[20:26, 4:30] = np.nan
    return depth, measured


def test_metric_judge_against_measured_depth(depth_of, photo, seen):
    depth, measured = seen
    found = depth_of(Brightness(), photo, photo, measured=measured)
    perfect = {"delta1": 1, "raw_delta1": 1, "spearman": 1, "edges": 1}
    for key, value in found.items():
        assert value == pytest.approx(perfect.get(key, 0), abs=1e-5), key
    found = depth_of(Brightness(), photo, photo, measured=measured + 1)
    assert found["raw_rmse"] == pytest.approx(1, rel=1e-5)
    assert found["rmse"] == pytest.approx(0, abs=1e-5)
    known = np.isfinite(measured[::2, ::2])
    expected = np.mean(1 / (depth[known] + 1))
    assert found["raw_abs_rel"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("is_metric", [True, False])
def test_inverse_depth_is_aligned_as_such(depth_of, photo, seen, is_metric):
    metres = 1 / (0.1 * seen[1] + 0.05)
    judge = Brightness("inverse_depth", is_metric)
    found = depth_of(judge, photo, photo, measured=metres)
    assert ("raw_rmse" in found) == is_metric
    assert found["rmse"] == pytest.approx(0, abs=1e-3)
    assert found["delta1"] == 1 == pytest.approx(found["spearman"])


def test_photo_without_any_measurement(depth_of, photo):
    unknown = np.full((32, 32), np.nan, "float32")
    for quantity in ("depth", "inverse_depth"):
        found = depth_of(Brightness(quantity), photo, photo, measured=unknown)
        assert np.isnan(list(found.values())).all()
