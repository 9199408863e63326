"""The terms at pictures for which they are known; their gradient."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.images.files import read_rgb
from fast_depth_style.losses.style import gram_matrix
from fast_depth_style.optimization.objective import PictureObjective
from fast_depth_style.perception import registry
from fast_depth_style.requests import RequestError
from fast_depth_style.training.objective import Objective
from fast_depth_style.training.settings import Settings


@pytest.fixture(scope="module")
def perceptual(small):
    return registry.perceptual_network(small.perceptual_network, small.layers)


@pytest.fixture(scope="module")
def photo(small):
    return read_rgb(small.content)


@pytest.fixture(scope="module")
def paintings(material):
    return [read_rgb(material / name) for name in ("a.png", "b.png")]


def _noisy(photo, seed=0):
    random = np.random.default_rng(seed)
    return (photo + random.normal(0, 20, photo.shape)).astype("float32")


def _half(height, width):
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 255
    return mask


def _two(settings, **changes):
    return dataclasses.replace(
        settings, style=("a.png:3", "b.png:1"), **changes
    )


def test_what_is_already_there_costs_nothing(small, perceptual, photo):
    settings = dataclasses.replace(small, photorealism_weight=1.0)
    objective = PictureObjective(settings, perceptual, None, photo, [photo])

    found = objective(photo.astype("float32"))

    assert found.terms["style"] < 1e-9 and found.terms["content"] < 1e-9
    assert found.terms["range"] == 0 and found.terms["tv"] > 0
    assert 0 <= found.terms["photorealism"] < 1e-4


def test_the_gradient_is_the_numerical_one_with_every_term(
    small, perceptual, photo, paintings
):
    settings = _two(
        small,
        depth_network="compact",
        depth_weight=1.0,
        tv_weight=1.0,
        photorealism_weight=10.0,
        style_scales=2,
    )
    estimator = registry.depth_network("compact")
    left = _half(*photo.shape[:2])
    objective = PictureObjective(
        settings,
        perceptual,
        estimator,
        photo,
        paintings,
        [left, 255 - left],
        [_half(*each.shape[:2]) for each in paintings],
    )
    picture = _noisy(photo)

    found = objective(picture)

    assert [*settings.term_weights()] == [
        *("style", "content", "depth", "photorealism", "tv", "range")
    ]
    assert set(found.terms) == {*settings.term_weights()}
    step = found.gradient / np.linalg.norm(found.gradient)
    higher, lower = objective(picture + step), objective(picture - step)
    np.testing.assert_allclose(
        (higher.loss - lower.loss) / 2,
        np.vdot(found.gradient, step),
        rtol=0.03,
    )
    # No term alone decides it.
    for name in ("style", "content", "depth", "photorealism", "tv"):
        assert higher.terms[name] != lower.terms[name]


@pytest.mark.parametrize("style_scales", [1, 2])
def test_terms_are_those_of_training(
    small, perceptual, photo, paintings, style_scales
):
    settings = dataclasses.replace(small, style_scales=style_scales)
    picture = _noisy(photo)

    found = PictureObjective(settings, perceptual, None, photo, paintings[:1])(
        picture
    )

    training = Objective(
        Settings(
            style_layers=small.layers,
            content_layer=small.content_layer,
            style_scales=style_scales,
        ),
        perceptual,
        None,
        paintings[0],
    )
    photos, pictures = (
        tf.constant(each[None], "float32") for each in (photo, picture)
    )
    expected = training(photos, pictures, tf.constant(0))
    # Pixels have neither a network's grid nor its padding.
    del expected["lattice"], expected["border"]
    assert set(found.terms) == set(expected)
    for name, value in expected.items():
        assert found.terms[name] == pytest.approx(float(value), rel=1e-3)


def test_several_paintings_are_their_weighted_losses_up_to_a_constant(
    small, perceptual, photo, paintings
):
    one = dataclasses.replace(
        small, layers=("relu1_1",), tv_weight=0.0, content_weight=0.0
    )

    def power(weights):
        grams = [
            np.array(gram_matrix(perceptual(p[None].astype("f4"))["relu1_1"]))
            for p in paintings
        ]
        mean = sum(w * g for w, g in zip(weights, grams, strict=True))
        return np.sum(mean**2)

    both = PictureObjective(_two(one), perceptual, None, photo, paintings)
    alone = [
        PictureObjective(one, perceptual, None, photo, [painting])
        for painting in paintings
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
        small, layers=("relu1_1",), content_weight=0.0, tv_weight=0.0
    )
    left = _half(*photo.shape[:2])
    other = np.rot90(photo).copy()
    objective = PictureObjective(
        settings, perceptual, None, photo, [other], [left]
    )
    picture = np.clip(_noisy(photo), 0, 255)

    gradient = objective(picture).gradient

    assert np.abs(gradient[:, :14]).max() > 0
    assert not gradient[:, 18:].any()


def test_a_mask_of_everything_is_none(small, perceptual, photo, paintings):
    white = np.full(photo.shape[:2], 255, np.uint8)
    white_painting = np.full(paintings[0].shape[:2], 255, np.uint8)
    arguments = small, perceptual, None, photo, paintings[:1]
    picture = _noisy(photo)

    masked = PictureObjective(*arguments, [white], [white_painting])(picture)
    plain = PictureObjective(*arguments)(picture)

    assert masked.loss == pytest.approx(plain.loss, rel=1e-5)


def test_a_mask_that_is_lost_in_the_features_is_one_line(
    small, perceptual, photo
):
    dot = np.zeros(photo.shape[:2], np.uint8)
    dot[0, 0] = 1

    with pytest.raises(RequestError, match="content mask 1 covers nothing"):
        PictureObjective(small, perceptual, None, photo, [photo], [dot])


def test_pictures_of_one_color_have_finite_terms(small, perceptual):
    flat = np.full((24, 32, 3), 90, np.uint8)
    settings = dataclasses.replace(small, photorealism_weight=1.0)

    found = PictureObjective(settings, perceptual, None, flat, [flat])(
        flat.astype("float32") + 1
    )

    assert np.isfinite(found.loss) and np.isfinite(found.gradient).all()
