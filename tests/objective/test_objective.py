"""The objective against independent computations."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from numpy_objective import (
    floats_of,
    halved,
    relative,
    relative_content,
    relative_map_gradients,
    terms_of,
)

from fast_depth_style.losses import content, depth, pixels, style
from fast_depth_style.objective import Objective, PictureTargets, StyleTarget
from fast_depth_style.perception import registry
from fast_depth_style.perception.random_views import RandomViews
from fast_depth_style.training.build import DepthRamp

_RAW = {
    "dials": False,
    "relative_losses": False,
    "depth_features": False,
    "depth_gradient_limit": 0.0,
    "depth_views": False,
}


def test_terms_are_relative_to_what_they_compare_with(
    make, perceptual, pictures, small, painting
):
    photos, painted = pictures
    terms = floats_of(terms_of(make(depth=False), photos, painted))

    painting = painting[None].astype("float32")
    x, y, s = (perceptual(each) for each in (photos, painted, painting))
    grams, targets = (
        {name: style.gram_matrix(each[name]) for name in small.style_layers}
        for each in (y, s)
    )
    layer = small.content_layer
    expected = {
        "content": content.relative_content_loss(y[layer], x[layer]),
        "style": style.relative_style_loss(grams, targets),
        "tv": pixels.total_variation(painted) / 127.5**2,
        "range": pixels.out_of_range(painted) / 127.5**2,
        "lattice": pixels.lattice(painted) / 127.5**2,
    }
    assert [*terms] == [*expected]
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], np.mean(value), rtol=1e-4)


def test_raw_terms_are_mean_squared_differences(make, perceptual, pictures):
    photos, painted = pictures
    objective = make(**_RAW)
    terms = floats_of(terms_of(objective, photos, painted))

    x, y = (perceptual(each)["relu2_1"] for each in pictures)
    estimator = registry.depth_network(objective.settings.depth_network)
    assert estimator.is_metric
    maps = estimator(painted), estimator(photos)
    expected = {
        "content": content.content_loss(y, x),
        "tv": pixels.total_variation(painted),
        "depth": depth.raw_depth_loss(*maps, is_metric=True),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-4)


def test_photo_and_painting_themselves_cost_nothing(make, painting, pictures):
    photos, _ = pictures
    terms = floats_of(terms_of(make(depth_views=False), photos, photos))
    painting = tf.constant(painting[None], tf.float32)

    assert terms["content"] == terms["range"] == terms["depth"] == 0
    assert terms["style"] > 0.1 and terms["tv"] > 0
    terms = terms_of(make(depth=False), photos[:1], painting)
    assert float(terms["style"]) < 1e-8


def test_depth_is_compared_through_each_step_s_view_and_zoom(make, pictures):
    photos, painted = pictures
    objective = make()
    estimator = registry.depth_network(objective.settings.depth_network)
    views = RandomViews(0)

    for step in (0, 1):
        seen = views.zoom(views.recolor(painted, step), step)
        seen_photos = views.zoom(photos, step)
        [wanted], targets = estimator.outputs(seen_photos)
        targets = [wanted[..., None], *targets]
        [map_], features = estimator.outputs(seen)
        features = [map_[..., None], *features]
        expected = relative_map_gradients(np.array(map_), np.array(wanted))
        expected += np.mean(
            [
                relative(np.array(y, "f8"), np.array(x, "f8"))
                for y, x in zip(features, targets, strict=True)
            ]
        )
        found = terms_of(objective, photos, painted, step)["depth"]
        np.testing.assert_allclose(found, expected, rtol=5e-3)


def test_several_depth_networks_are_compared_side_by_side(make, pictures):
    photos, painted = pictures
    one = make(depth_views=False)
    spec = one.settings.depth_network
    both = make(depth_views=False, depth_network=f"{spec},{spec}")

    expected, found = (
        float(terms_of(objective, photos, painted)["depth"])
        for objective in (one, both)
    )

    assert found == pytest.approx(expected, rel=1e-4)


def test_terms_of_weight_zero_are_not_computed(make, pictures):
    objective = make(
        depth=False,
        perceptual=None,
        distills=True,
        distillation_weight=0.0,
        tv_weight=0.0,
    )

    assert {*objective.terms} == {"range", "lattice"}
    assert {*terms_of(objective, *pictures)} == {*objective.terms}


def test_the_total_is_weighted_and_shares_add_up(make):
    objective = make(style_weight=2.0, content_weight=0.0, depth_weight=5.0)
    terms = {"style": 3.0, "depth": 0.5, "tv": 10, "range": 0.1}
    terms["lattice"] = 0.04

    # tv, range and lattice keep their weights, 0.5, 30 and 100.
    total = 2 * 3 + 5 * 0.5 + 0.5 * 10 + 30 * 0.1 + 100 * 0.04
    assert float(objective.total(terms, 0)) == pytest.approx(total)
    shares = objective.shares(terms, 0)
    assert shares["style"] == pytest.approx(6 / total)
    assert sum(shares.values()) == pytest.approx(1)
    nothing = objective.shares(dict.fromkeys(objective.terms, 0.0), 0)
    assert {*nothing.values()} == {0.0}


def test_depth_waits_then_comes_in_over_a_tenth_of_the_run(make):
    objective = make(ramp=DepthRamp(0.2, 100), depth_weight=4.0)

    for step, weight in ((0, 0), (20, 0), (25, 2), (30, 4), (99, 4)):
        for given in (step, tf.constant(step)):
            total = objective.total({"depth": 1.0}, given)
            assert float(total) == pytest.approx(weight, abs=1e-5)
    assert float(make(ramp=DepthRamp(0.0, 9)).total({"depth": 1.0}, 0)) == 5


def _gradient(objective, pictures, step):
    photos, painted = pictures
    step = tf.constant(step)
    with tf.GradientTape() as tape:
        tape.watch(painted)
        terms = objective(painted, objective.targets(photos, step), step)
        total = objective.total(terms, step)
    return tape.gradient(total, painted).numpy()


def test_depth_adds_a_gradient_of_limited_length_when_its_turn_comes(
    make, pictures
):
    changes = {"ramp": DepthRamp(0.2, 100), "depth_weight": 2.0}
    objective = make(**changes)
    without = _gradient(make(depth=False, **changes), pictures, 0)

    before = _gradient(objective, pictures, 20) - without
    later = _gradient(objective, pictures, 30) - without

    assert np.abs(before).max() < 1e-6 * np.abs(without).max()
    lengths = np.sqrt((later**2).sum((1, 2, 3)))
    assert (lengths > 0).all()
    assert (lengths <= 1.01 * 0.05 * 2.0 / (2 * 64)).all()


def test_distillation_compares_with_the_teacher_s_picture(
    make, painting, pictures
):
    photos, painted = pictures
    objective = make(depth=False, perceptual=None, distills=True)
    with tf.GradientTape() as tape:
        tape.watch([photos, painted])
        targets = objective.targets(photos, 0, None, 2.0 * photos - 100.0)
        terms = objective(painted, targets)
    slopes = tape.gradient(terms["distillation"], [photos, painted])

    target = 2.0 * photos.numpy().astype("f8") - 100.0
    assert target.min() < 0 and target.max() > 255
    difference = painted.numpy() - np.clip(target, 0, 255)
    variance = np.mean([painting[..., c].var() for c in range(3)])
    assert {*terms} == {"distillation", "tv", "lattice", "range"}
    np.testing.assert_allclose(
        terms["distillation"], (difference**2).mean() / variance, rtol=1e-4
    )
    assert slopes[0] is None  # The teacher learns nothing.
    np.testing.assert_allclose(
        slopes[1], 2 * difference / difference.size / variance, atol=1e-9
    )


def test_content_may_be_compared_at_a_smaller_scale(
    make, perceptual, pictures, small
):
    photos, painted = pictures
    smaller = [halved(np.asarray(p)).astype("f4") for p in pictures]
    x, y = (np.array(perceptual(p)["relu2_1"], "f8") for p in smaller)
    for scales in (1, 2):  # With features at hand, and without.
        objective = make(depth=False, content_scale=1, style_scales=scales)
        found = terms_of(objective, photos, painted)["content"]
        np.testing.assert_allclose(found, relative_content(y, x), rtol=1e-4)


def test_each_picture_has_its_own_targets(make, pictures, perceptual, small):
    """Style and depth of a batch are weighted sums of single pictures'."""
    photos, painted = pictures
    single = dataclasses.replace(small, depth_views=False, style_covariance=0.5)
    objective = make(depth_views=False)
    style = objective._styles[0]
    grams, means = (
        [
            {key: tf.constant(value) * factor for key, value in target.items()}
            for factor in factors
        ]
        for target, factors in (
            (style.grams, (1, 1.5)),
            (style.means, (1, 1.2)),
        )
    )
    expected = {"style": 0.0, "depth": 0.0, "content": 0.0}
    factors = {"style": (1.0, 2.0), "depth": (0.25, 0.75), "content": (1, 1)}
    for i in range(2):
        alone = Objective(
            single,
            perceptual,
            registry.depth_network(small.depth_network),
            [StyleTarget(1.0, grams[i], means[i])],
        )
        terms = terms_of(alone, photos[i : i + 1], painted[i : i + 1])
        for name in expected:
            expected[name] += factors[name][i] * float(terms[name]) / 2
    both = [
        {key: tf.concat([each[key] for each in two], 0) for key in two[0]}
        for two in (grams, means)
    ]
    own = PictureTargets(
        *both, tf.constant(factors["style"]), tf.constant(factors["depth"])
    )
    several = Objective(single, perceptual, objective._estimator, [])
    found = several(painted, several.targets(photos, 0, own))
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-4)
