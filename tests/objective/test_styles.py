"""Style over scales, quarters and masks, against independent computations."""

import dataclasses

import numpy as np
import pytest
from numpy_objective import double, gram, halved, relative, terms_of

from fast_depth_style.objective import Objective, style_target


def test_style_is_compared_at_every_scale(
    make, perceptual, pictures, painting, small
):
    photos, painted = pictures
    objective = make(depth=False, style_scales=2)
    found = float(terms_of(objective, photos, painted)["style"])

    one, other = painted.numpy(), painting[None]
    terms = []
    for _ in range(2):
        y, s = (double(perceptual(p)) for p in (one, other.astype("f4")))
        terms += [relative(gram(y[n]), gram(s[n])) for n in small.style_layers]
        one, other = halved(one), halved(other)
    assert len(set(terms)) == 4
    np.testing.assert_allclose(found, np.mean(terms), rtol=1e-4)


def test_an_even_style_is_that_of_every_quarter(
    make, perceptual, pictures, painting, small
):
    painted = pictures[1]
    found = {
        evenness: float(
            terms_of(make(depth=False, style_evenness=evenness), *pictures)[
                "style"
            ]
        )
        for evenness in (0.0, 0.25, 1.0)
    }

    y = double(perceptual(painted))
    s = double(perceptual(painting[None].astype("f4")))
    terms = []
    for name in small.style_layers:
        high, wide = (side // 2 for side in y[name].shape[1:3])
        terms += [
            relative(
                gram(y[name][:, i : i + high, j : j + wide]), gram(s[name])
            )
            for i in (0, high)
            for j in (0, wide)
        ]
    np.testing.assert_allclose(found[1.0], np.mean(terms), rtol=1e-4)
    mixed = 0.75 * found[0.0] + 0.25 * found[1.0]
    np.testing.assert_allclose(found[0.25], mixed, rtol=1e-4)
    assert found[1.0] > 1.001 * found[0.0]


@pytest.mark.parametrize("evenness", [0.0, 0.5])
def test_covariances_have_their_share_of_style(
    make, perceptual, pictures, painting, small, evenness
):
    found = {
        share: float(
            terms_of(
                make(
                    depth=False,
                    style_evenness=evenness,
                    style_covariance=share,
                ),
                *pictures,
            )["style"]
        )
        for share in (0.0, 0.25, 1.0)
    }

    y = double(perceptual(pictures[1]))
    s = double(perceptual(painting[None].astype("f4")))
    whole, each = [], []
    for name in small.style_layers:
        target = _covariance(s[name])
        whole.append(relative(_covariance(y[name]), target))
        high, wide = (side // 2 for side in y[name].shape[1:3])
        each += [
            relative(
                _covariance(y[name][:, i : i + high, j : j + wide]), target
            )
            for i in (0, high)
            for j in (0, wide)
        ]
    expected = (1 - evenness) * np.mean(whole) + evenness * np.mean(each)
    np.testing.assert_allclose(found[1.0], expected, rtol=1e-3)
    mixed = 0.75 * found[0.0] + 0.25 * found[1.0]
    np.testing.assert_allclose(found[0.25], mixed, rtol=1e-4)
    assert found[1.0] != pytest.approx(found[0.0], rel=0.1)


@pytest.mark.parametrize("covariance", [0.0, 1.0])
def test_colours_have_their_share_of_style(
    make, pictures, painting, covariance
):
    found = {
        share: float(
            terms_of(
                make(
                    depth=False,
                    style_scales=2,
                    style_covariance=covariance,
                    style_colors=share,
                ),
                *pictures,
            )["style"]
        )
        for share in (0.0, 0.25, 1.0)
    }

    statistics = _covariance if covariance else gram
    one, other = pictures[1].numpy(), painting[None].astype("f8")
    terms = []
    for _ in range(2):
        terms.append(relative(statistics(one), statistics(other)))
        one, other = halved(one), halved(other)
    np.testing.assert_allclose(found[1.0], np.mean(terms), rtol=1e-3)
    mixed = 0.75 * found[0.0] + 0.25 * found[1.0]
    np.testing.assert_allclose(found[0.25], mixed, rtol=1e-4)
    assert found[1.0] != pytest.approx(found[0.0], rel=0.1)


def test_a_painting_of_one_colour_is_a_style(make, perceptual, pictures, small):
    settings = dataclasses.replace(
        small, style_covariance=1.0, style_evenness=0.5
    )
    plain = np.full((64, 64, 3), 90.0, "float32")
    styles = [style_target(settings, perceptual, plain)]
    objective = Objective(settings, perceptual, None, styles)
    far, near = (
        float(
            terms_of(objective, pictures[0], np.stack([painted] * 2))["style"]
        )
        for painted in (pictures[1][0].numpy(), plain + 1.0)
    )
    assert 0.0 < near < far < np.inf


def _covariance(features):
    mean = features.mean((1, 2), keepdims=True)
    return gram(features - mean) + 0.01 * gram(mean)


def test_a_style_counts_by_its_weight_where_its_mask_is(
    make, perceptual, pictures, small, painting
):
    photos, painted = pictures
    plain = make(depth=False)
    features = perceptual(painted)
    expected, styles = 0.0, []
    for weight, side in ((0.25, slice(None, 32)), (0.75, slice(32, None))):
        masks = {}
        for name in small.style_layers:
            mask = np.zeros((1, 64, 64, 1), "float32")
            mask[:, :, side] = 1.0
            height = features[name].shape[1]
            step = 64 // height
            masks[0, name] = mask[:, ::step, ::step]
        target = style_target(small, perceptual, painting, weight, None, masks)
        styles.append(target)
        losses = [
            relative(
                gram(np.array(features[n], "f8") * masks[0, n]),
                np.array(target.grams[0, n], "f8"),
            )
            for n in small.style_layers
        ]
        expected += weight * np.mean(losses)

    objective = Objective(small, perceptual, None, styles)
    found = float(terms_of(objective, photos, painted)["style"])

    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert found != pytest.approx(float(terms_of(plain, *pictures)["style"]))
