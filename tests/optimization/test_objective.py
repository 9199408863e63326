"""The terms at pictures for which they are known; their gradient."""

import dataclasses

import numpy as np
import pytest
from tiny_material import half

from fast_depth_style.images.files import read_rgb
from fast_depth_style.losses.style import gram_matrix
from fast_depth_style.optimization.inputs import Inputs
from fast_depth_style.optimization.objective import PictureObjective
from fast_depth_style.perception import registry


@pytest.fixture(scope="module")
def perceptual(small):
    return registry.perceptual_network(
        small.perceptual_network, small.style_layers
    )


@pytest.fixture(scope="module")
def photo(small):
    return read_rgb(small.content)


@pytest.fixture(scope="module")
def paintings(material):
    return [read_rgb(material / name) for name in ("a.png", "b.png")]


def _noisy(photo, seed=0):
    random = np.random.default_rng(seed)
    return (photo + random.normal(0, 20, photo.shape)).astype("float32")


def test_the_gradient_is_the_numerical_one_with_every_term(
    small, perceptual, photo, paintings
):
    settings = dataclasses.replace(
        small,
        depth_network="compact",
        depth_weight=1.0,
        tv_weight=1.0,
        photorealism_weight=10.0,
        style_scales=2,
    )
    left = half(*photo.shape[:2])
    objective = PictureObjective(
        settings,
        perceptual,
        registry.depth_network("compact"),
        Inputs(
            photo,
            paintings,
            (3.0, 1.0),
            [left, 255 - left],
            [half(*each.shape[:2]) for each in paintings],
        ),
    )
    picture = _noisy(photo)

    found = objective(picture)

    names = ("content", "style", "depth", "tv", "range", "photorealism")
    assert set(found.terms) == {*names} == set(settings.weights())
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.loss == pytest.approx(
        sum(settings.weights()[n] * v for n, v in found.terms.items()), rel=1e-6
    )
    step = found.gradient / np.linalg.norm(found.gradient)
    higher, lower = objective(picture + step), objective(picture - step)
    np.testing.assert_allclose(
        (higher.loss - lower.loss) / 2, np.vdot(found.gradient, step), rtol=0.03
    )
    # No term alone decides it.
    for name in {*names} - {"range"}:
        assert higher.terms[name] != lower.terms[name]


def test_several_paintings_are_their_weighted_losses_up_to_a_constant(
    small, perceptual, photo, paintings
):
    one = dataclasses.replace(
        small, style_layers=("relu1_1",), tv_weight=0.0, content_weight=0.0
    )

    def power(weights):
        grams = [
            np.array(gram_matrix(perceptual(p[None].astype("f4"))["relu1_1"]))
            for p in paintings
        ]
        mean = sum(w * g for w, g in zip(weights, grams, strict=True))
        return np.sum(mean**2)

    both, *alone = [
        PictureObjective(one, perceptual, None, Inputs(photo, found, weights))
        for found, weights in (
            (paintings, (3.0, 1.0)),
            (paintings[:1], None),
            (paintings[1:], None),
        )
    ]
    blends, sums = [], []
    for picture in (_noisy(photo, 1), _noisy(photo, 2) / 2):
        losses = [each(picture).terms["style"] for each in alone]
        blends.append(both(picture).terms["style"] * power((0.75, 0.25)))
        sums.append(
            0.75 * losses[0] * power((1, 0)) + 0.25 * losses[1] * power((0, 1))
        )

    assert sums[0] > blends[0]
    assert sums[1] - sums[0] == pytest.approx(blends[1] - blends[0], rel=0.01)


def test_a_mask_keeps_the_style_to_its_region(small, perceptual, photo):
    settings = dataclasses.replace(
        small, style_layers=("relu1_1",), content_weight=0.0, tv_weight=0.0
    )
    left = half(*photo.shape[:2])
    other = np.rot90(photo).copy()
    objective = PictureObjective(
        settings, perceptual, None, Inputs(photo, [other], None, [left])
    )

    gradient = objective(np.clip(_noisy(photo), 0, 255)).gradient

    assert np.abs(gradient[:, :14]).max() > 0
    assert not gradient[:, 18:].any()


def test_a_mask_of_everything_is_none(small, perceptual, photo, paintings):
    white = [np.full(photo.shape[:2], 255, np.uint8)]
    on_painting = [np.full(paintings[0].shape[:2], 255, np.uint8)]
    plain = Inputs(photo, paintings[:1])
    masked = Inputs(photo, paintings[:1], None, white, on_painting)

    losses = [
        PictureObjective(small, perceptual, None, inputs)(_noisy(photo)).loss
        for inputs in (plain, masked)
    ]

    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_pictures_of_one_color_have_finite_terms(small, perceptual):
    flat = np.full((24, 32, 3), 90, np.uint8)
    settings = dataclasses.replace(small, photorealism_weight=1.0)

    found = PictureObjective(settings, perceptual, None, Inputs(flat, [flat]))(
        flat.astype("float32") + 1
    )

    assert np.isfinite(found.loss) and np.isfinite(found.gradient).all()
