import csv

import keras
import numpy as np
import perceptual_data
import perceptual_distillation
import pytest
import tensorflow as tf
from distillation_settings import PerceptualDistillation

from fast_depth_style.errors import RequestError
from fast_depth_style.losses.style import gram_matrix
from fast_depth_style.perception import registry
from fast_depth_style.perception.compact_perceptual import (
    COMPONENTS,
    CompactPerceptual,
)
from fast_depth_style.perception.shipped_weights import read_shipped_weights


def test_what_is_held_out_is_not_trained_on(material, tmp_path):
    picture = (material / "photos" / "0.png").read_bytes()
    for name in range(52):
        (tmp_path / f"{name:02}.png").write_bytes(picture)
    training, held_out = perceptual_data.find_photos([tmp_path])
    assert [p.stem for p in held_out] == ["00", "25", "50"]
    assert len(training) == 49 and not set(training) & set(held_out)
    training, held_out = perceptual_data.find_paintings(material / "paintings")
    assert [p.stem for p in held_out] == ["2"] and len(training) == 2
    with pytest.raises(RequestError, match="too few"):
        perceptual_data.find_photos([material / "paintings"])


def test_batches_follow_from_seed_and_step(material):
    photos, paintings = (
        sorted((material / name).iterdir()) for name in ("photos", "paintings")
    )

    def batches(start, seed=0):
        return iter(
            perceptual_data.batches(photos, paintings, 32, seed, 3, start)
        )

    whole = batches(0)
    first, second = next(whole), next(whole)
    for mine, theirs in zip(second, next(batches(1)), strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.shape == (3, 32, 32, 3) and np.isfinite(mine).all()
        assert np.min(mine) >= -60 and np.max(mine) <= 315
    for other in (first, next(batches(1, seed=1))):
        assert all(np.any(x != y) for x, y in zip(second, other, strict=True))
    varied, disturbed, *_ = second
    changes = tf.reduce_max(abs(varied - disturbed), (1, 2, 3))
    assert np.all(changes > 0)


def test_principal_components_keep_gram_matrices():
    draw = np.random.default_rng(0)
    mixing = draw.normal(size=(16, 64))  # 16 dimensions hold everything.
    maps = (draw.normal(size=(2, 9, 8, 16)) + 1) @ mixing
    bases, scales = perceptual_distillation.principal_components(
        {"relu1_1": maps}
    )
    basis = bases["relu1_1"]
    assert basis.shape == (64, COMPONENTS["relu1_1"])
    np.testing.assert_allclose(basis.T @ basis, np.eye(16), atol=1e-5)
    assert np.allclose(maps @ basis @ basis.T, maps, atol=1e-3)
    # P^T G P, which is what the student's own Gram matrices are.
    np.testing.assert_allclose(
        gram_matrix((maps @ basis).astype("f4")) * 16,
        basis.T @ gram_matrix(maps.astype("f4")) @ basis * 64,
        rtol=1e-3,
        atol=1e-2,
    )
    flat = (maps @ basis).reshape(-1, 16)
    assert scales["relu1_1"] == pytest.approx(
        np.sqrt(flat.var(axis=0).mean()), rel=1e-4
    )


def test_the_regression_loss_is_the_formula():
    draw = np.random.default_rng(0)
    student, wanted = draw.normal(1, 1, (2, 4, 5, 6, 3)).astype("f4")
    loss, terms = perceptual_distillation.regression_loss(
        {"relu1_1": student}, {"relu1_1": wanted}, 2.0, 0.5
    )
    axes = (1, 2, 3)
    power = (wanted**2).mean(axes)
    variance = ((wanted - wanted.mean((1, 2), keepdims=True)) ** 2).mean(axes)
    error = student - wanted
    feature = (error**2).mean(axes) / (variance + 0.1 * power)
    grams = [np.einsum("bhwc,bhwd->bcd", x, x) for x in (student, wanted)]
    gram = ((grams[0] - grams[1]) ** 2).sum((1, 2)) / (grams[1] ** 2).sum(
        (1, 2)
    )
    change = ((error[2:] - error[:2]) ** 2).mean(axes) / (
        ((wanted[2:] - wanted[:2]) ** 2).mean(axes) + 1e-3 * power[:2]
    )
    expected = feature.mean(), gram.mean(), change.mean()
    found = [float(terms[name]) for name in ("feature", "gram", "change")]
    assert found == pytest.approx(expected, rel=1e-4)
    assert float(loss) == pytest.approx(np.dot(expected, (1, 2, 0.5)), rel=1e-4)


@pytest.fixture(scope="module")
def vgg19(material):
    layers = set(perceptual_distillation.LAYERS)
    return registry.perceptual_network(
        f"vgg19:{material / 'vgg19.npz'}", layers
    )


def test_the_pool_is_stylized_and_starts_again(vgg19):
    settings = PerceptualDistillation(
        size=32, fresh=2, pooled=2, pool_blocks=2, pool_life=6
    )
    pictures = [
        tf.constant(x)
        for x in np.random.default_rng(0)
        .uniform(0, 255, (3, 2, 32, 32, 3))
        .astype("f4")
    ]
    model = perceptual_distillation.StudentTrainer(
        settings, vgg19, pictures[0], "float32"
    )
    model.compile(keras.optimizers.Adam(0.0))
    model.optimizer.build(model.trainable_variables)
    losses = []
    for step in range(14):
        model.optimizer.iterations.assign(step)
        before, after = model._stylize(*pictures)
        losses.append(
            [
                float(model._painting_loss(x, *pictures[1:], np.ones(2, "f4")))
                for x in (before, after)
            ]
        )
        moved = np.sqrt(np.mean((after - before) ** 2, axis=(1, 2, 3)))
        assert np.all((moved > 2) & (moved <= 4.1))
    block = losses[::2]  # The first block, visit by visit.
    assert block[5][1] < block[0][0]
    assert block[6][0] == pytest.approx(block[0][0], rel=1e-5)
    assert block[1][0] == pytest.approx(block[0][1], rel=1e-5)


def test_a_network_ranks_pictures_as_itself(vgg19, material):
    folders = (
        sorted((material / n).iterdir()) for n in ("photos", "paintings")
    )
    photos, paintings = folders
    scores = perceptual_distillation.score(
        vgg19, vgg19, photos, paintings[:2], 32, 6
    )
    assert scores == pytest.approx({"0": 1, "1": 1, "mean": 1})


def test_a_run_learns_and_ends_in_a_file(material, tmp_path):
    settings = PerceptualDistillation(
        epochs=2,
        steps_per_epoch=15,
        size=32,
        fresh=2,
        pooled=2,
        pool_blocks=2,
    )
    scores = perceptual_distillation.distill(
        settings,
        f"vgg19:{material / 'vgg19.npz'}",
        [material / "photos"],
        material / "paintings",
        tmp_path,
    )
    assert [*scores] == ["0", "1", "2", "mean"] and -1 <= scores["mean"] <= 1
    weights = read_shipped_weights(
        "compact_perceptual.npz", tmp_path / "weights"
    )
    pictures = np.zeros((1, 32, 32, 3), "f4")
    assert set(CompactPerceptual(weights=weights)(pictures)) == set(COMPONENTS)
    with (tmp_path / "losses.csv").open() as file:
        first, last = (float(r["gram"]) for r in csv.DictReader(file))
    assert last < first


@pytest.mark.slow
def test_the_shipped_network_judges_as_vgg19(assets):
    weights = "vgg19_imagenet_block1_conv1_to_block3_conv4.npz"
    teacher = registry.perceptual_network(
        f"vgg19:{assets / 'weights' / weights}",
        set(perceptual_distillation.LAYERS),
    )
    photos = sorted((assets / "photos" / "diverse").rglob("*.jpg"))[::100]
    paintings = [assets / "paintings" / "the_scream.jpg"]
    scores = perceptual_distillation.score(
        CompactPerceptual(), teacher, photos, paintings, 96
    )
    assert scores["mean"] > 0.97
