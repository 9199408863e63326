import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.images.files import read_rgb
from fast_depth_style.losses import pixels
from fast_depth_style.perception import registry
from fast_depth_style.training.objective import Objective
from fast_depth_style.training.random_views import RandomViews, RandomZoom


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(1)
    photos = tf.image.resize(random.uniform(30, 220, (2, 8, 8, 3)), (64, 64))
    noise = random.normal(0, 20, photos.shape).astype("float32")
    return photos, photos + noise


@pytest.fixture(scope="module")
def perceptual(small):
    layers = {*small.style_layers, small.content_layer}
    return registry.perceptual_network(small.perceptual_network, layers)


@pytest.fixture(scope="module")
def make(small_with_depth, perceptual):
    """Makes an objective of the small run's settings, with changes."""

    def make(depth=True, perceptual=perceptual, teacher=None, **changes):
        settings = dataclasses.replace(small_with_depth, **changes)
        spec = settings.depth_network if depth else "none"
        painting = read_rgb(settings.style)[:64, :64]
        return Objective(
            settings,
            perceptual,
            registry.depth_network(spec),
            painting,
            teacher,
        )

    return make


def _gram(features):
    flat = features.reshape(features.shape[0], -1, features.shape[-1])
    return np.einsum("bnc,bnd->bcd", flat, flat) / flat[0].size


def _halved(pictures):
    batch, height, width, _ = pictures.shape
    blocks = pictures.reshape(batch, height // 2, 2, width // 2, 2, 3)
    return blocks.mean((2, 4))


def _numpy(terms):
    return {name: float(value) for name, value in terms.items()}


def test_terms_are_relative_to_what_they_compare_with(
    make, perceptual, pictures, small
):
    photos, painted = pictures
    terms = _numpy(make(depth=False)(photos, painted, tf.constant(0)))

    painting = read_rgb(small.style)[None, :64, :64].astype("float32")
    y, s, x = (
        {name: np.array(value, "f8") for name, value in perceptual(p).items()}
        for p in (painted, painting, photos)
    )
    style = np.mean(
        [
            ((_gram(y[n]) - _gram(s[n])) ** 2).sum((1, 2)).mean()
            / (_gram(s[n]) ** 2).sum()
            for n in small.style_layers
        ]
    )
    content = np.mean(
        ((y["relu2_1"] - x["relu2_1"]) ** 2).mean((1, 2, 3))
        / (x["relu2_1"] ** 2).mean((1, 2, 3))
    )
    p = painted.numpy().astype("f8") / 127.5
    tv = (np.diff(p, axis=1) ** 2).mean() + (np.diff(p, axis=2) ** 2).mean()
    outside = p - np.clip(p, 0, 2)
    assert list(terms) == [
        "style", "content", "tv", "lattice", "border", "range"
    ]  # fmt: skip
    np.testing.assert_allclose(
        [*terms.values()],
        [
            style,
            content,
            tv,
            float(pixels.lattice(painted)) / 127.5**2,
            float(pixels.border(painted, photos)) / 127.5**2,
            (outside**2).mean(),
        ],
        rtol=1e-4,
    )


def test_raw_terms_are_mean_squared_differences(
    make, perceptual, pictures, small
):
    photos, painted = pictures
    objective = make(loss_scale="raw")
    terms = _numpy(objective(photos, painted, tf.constant(0)))

    y, x = (np.array(perceptual(p)["relu2_1"], "f8") for p in pictures[::-1])
    p = painted.numpy().astype("f8")
    tv = (np.diff(p, axis=1) ** 2).mean() + (np.diff(p, axis=2) ** 2).mean()
    estimator = registry.depth_network(objective.settings.depth_network)
    depth = [np.array(estimator(q), "f8") * 100 for q in (painted, photos)]
    assert estimator.is_metric  # so it is compared in centimetres
    np.testing.assert_allclose(
        [terms["content"], terms["tv"], terms["depth"]],
        [((y - x) ** 2).mean(), tv, ((depth[0] - depth[1]) ** 2).mean()],
        rtol=1e-4,
    )


def test_the_photo_itself_costs_no_content_or_range(make, pictures):
    photos, _ = pictures
    terms = _numpy(make()(photos, photos, tf.constant(0)))

    assert terms["content"] == terms["range"] == 0
    assert terms["style"] > 0.1 and terms["tv"] > 0


def test_depth_is_compared_through_each_step_s_view_and_zoom(make, pictures):
    photos, painted = pictures
    objective = make()
    estimator = registry.depth_network(objective.settings.depth_network)
    views = RandomViews(objective.settings.seed)
    zoom = RandomZoom(objective.settings.seed)

    for step in (0, 1):
        seen, seen_photos = zoom(views(painted, step), photos, step)
        depth, targets = estimator.outputs(seen_photos)
        targets = [depth[..., None], *targets]
        depth, features = estimator.outputs(seen)
        features = [depth[..., None], *features]
        expected = np.mean(
            [
                np.mean(((y - x) ** 2).mean((1, 2, 3)) / (x**2).mean((1, 2, 3)))
                for y, x in (
                    (np.array(y, "f8"), np.array(x, "f8"))
                    for y, x in zip(features, targets, strict=True)
                )
            ]
        )
        found = objective(photos, painted, tf.constant(step))["depth"]
        np.testing.assert_allclose(found, expected, rtol=5e-3)


def test_the_report_s_scale_has_no_views(make, pictures):
    photos, _ = pictures
    terms = make(loss_scale="raw")(photos, photos, tf.constant(0))

    assert float(terms["depth"]) == 0


def test_the_painting_itself_costs_no_style(make, small, pictures):
    painting = read_rgb(small.style)[None, :64, :64].astype("float32")
    terms = make(depth=False)(
        pictures[0][:1], tf.constant(painting), tf.constant(0)
    )

    assert float(terms["style"]) < 1e-8


def test_the_total_is_weighted_and_shares_add_up(make):
    objective = make(
        depth_from=0.0, style_weight=2.0, content_weight=0.0, depth_weight=5.0
    )
    terms = {"style": 3.0, "content": 9.0, "depth": 0.5, "tv": 10}
    terms |= {"lattice": 0.04, "border": 0.03, "range": 0}

    # tv, lattice, border and range keep their weights, 0.5, 100, 100 and 1.
    total = 2 * 3 + 5 * 0.5 + 0.5 * 10 + 100 * 0.04 + 100 * 0.03
    assert float(objective.total(terms, 0)) == pytest.approx(total)
    assert objective.shares(terms, 0) == pytest.approx(
        {
            "style": 6 / total,
            "content": 0,
            "depth": 2.5 / total,
            "tv": 5 / total,
            "lattice": 4 / total,
            "border": 3 / total,
            "range": 0,
        }
    )


def test_nothing_at_all_has_no_shares(make):
    objective = make()

    shares = objective.shares(dict.fromkeys(objective.terms, 0.0), 0)

    assert set(shares.values()) == {0.0}


def test_depth_waits_then_comes_in_over_a_tenth_of_the_run(make):
    objective = make(depth_from=0.2, depth_weight=4.0, steps=100)

    weights = [
        float(objective.term_weights(step)["depth"])
        for step in (0, 20, 25, 30, 99)
    ]

    np.testing.assert_allclose(weights, [0, 0, 2, 4, 4], atol=1e-5)


def _gradient(objective, pictures, step):
    photos, painted = pictures
    step = tf.constant(step)
    with tf.GradientTape() as tape:
        tape.watch(painted)
        total = objective.total(objective(photos, painted, step), step)
    return tape.gradient(total, painted).numpy()


def test_depth_adds_a_gradient_of_limited_length_when_its_turn_comes(
    make, pictures
):
    # The weight multiplies the limit, and the term: 50 * 2 * 2.
    changes = {"steps": 100, "depth_from": 0.2, "depth_weight": 2.0}
    objective = make(**changes)
    without = _gradient(make(depth=False, **changes), pictures, 0)

    before = _gradient(objective, pictures, 20) - without
    later = _gradient(objective, pictures, 30) - without

    assert np.abs(before).max() < 1e-6 * np.abs(without).max()
    lengths = np.sqrt((later**2).sum((1, 2, 3)))
    assert (lengths > 0).all()
    assert (lengths <= 1.01 * 0.05 * 2.0 / (2 * 64)).all()


def test_distillation_compares_with_the_teacher_s_picture(
    make, small, pictures
):
    """As bytes would hold it, in units of the painting's variance."""
    photos, painted = pictures
    objective = make(
        depth=False, perceptual=None, teacher=lambda x: 2.0 * x - 100.0
    )
    with tf.GradientTape() as tape:
        tape.watch([photos, painted])
        terms = objective(photos, painted, tf.constant(0))
    slopes = tape.gradient(terms["distillation"], [photos, painted])

    target = 2.0 * photos.numpy().astype("f8") - 100.0
    assert target.min() < 0 and target.max() > 255
    difference = painted.numpy() - np.clip(target, 0, 255)
    painting = read_rgb(small.style)[:64, :64].astype("f8")
    variance = np.mean([painting[..., c].var() for c in range(3)])
    assert list(terms) == ["distillation", "tv", "lattice", "border", "range"]
    np.testing.assert_allclose(
        terms["distillation"], (difference**2).mean() / variance, rtol=1e-4
    )
    assert slopes[0] is None  # The teacher learns nothing.
    np.testing.assert_allclose(
        slopes[1], 2 * difference / difference.size / variance, atol=1e-9
    )


def test_a_teacher_is_one_term_among_the_others(make, pictures):
    photos, painted = pictures
    objective = make(teacher=lambda x: x, distillation_weight=7.0)
    terms = objective(photos, painted, tf.constant(0))

    assert objective.terms == (
        "style", "content", "distillation", "depth",
        "tv", "lattice", "border", "range",
    )  # fmt: skip
    assert tuple(terms) == objective.terms
    assert objective.term_weights(0)["distillation"] == 7.0


def test_style_is_compared_at_every_scale(make, perceptual, pictures, small):
    photos, painted = pictures
    objective = make(depth=False, style_scales=2)
    found = float(objective(photos, painted, tf.constant(0))["style"])

    one, other = painted.numpy(), read_rgb(small.style)[None, :64, :64]
    terms = []
    for _ in range(2):
        y, s = (
            {n: _gram(np.array(f, "f8")) for n, f in perceptual(p).items()}
            for p in (one, other.astype("f4"))
        )
        terms += [
            ((y[n] - s[n]) ** 2).sum((1, 2)).mean() / (s[n] ** 2).sum()
            for n in small.style_layers
        ]
        one, other = _halved(one), _halved(other)
    assert len(set(terms)) == 4
    np.testing.assert_allclose(found, np.mean(terms), rtol=1e-4)
