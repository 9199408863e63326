import csv

import depth_data
import depth_distillation
import keras
import numpy as np
import pytest
import tensorflow as tf
from distillation_settings import DepthDistillation

from fast_depth_style.errors import RequestError
from fast_depth_style.perception import registry
from fast_depth_style.perception.compact_depth import (
    WEIGHTS,
    CompactDepth,
    compact_depth_body,
)
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.perception.shipped_weights import read_shipped_weights


def _loss_in_numpy(estimate, target):
    """The formula written out for one picture, everything known."""

    def normalized(x):
        return (x - x.mean()) / (np.abs(x - x.mean()).mean() + 1e-3)

    difference = normalized(estimate) - normalized(target)
    total = np.abs(difference).mean()
    for step in (1, 2, 4, 8):
        thin = difference[::step, ::step]
        total += 0.5 * np.abs(thin[1:] - thin[:-1]).mean()
        total += 0.5 * np.abs(thin[:, 1:] - thin[:, :-1]).mean()
    spread = np.abs(target - target.mean()).mean()
    weight = min(1, spread / (0.05 * target.mean()))
    return weight * total + 0.1 * np.abs(estimate - target).mean()


@pytest.fixture
def maps():
    draw = np.random.default_rng(0)
    estimate = draw.normal(0.4, 0.2, (3, 24, 24))
    target = draw.uniform(0.1, 1.0, (3, 24, 24))
    target[2] = 0.5 + 0.01 * target[2]  # Nearly flat.
    return estimate.astype(np.float32), target.astype(np.float32)


def test_the_loss_is_the_formula_and_hardly_asks_for_scale_and_shift(maps):
    known = np.ones_like(maps[0])
    expected = [_loss_in_numpy(*pair) for pair in zip(*maps, strict=True)]
    found = depth_distillation.depth_loss(*maps, known)
    np.testing.assert_allclose(found, expected, rtol=2e-3)

    target = maps[1]
    found = depth_distillation.depth_loss(2 * target + 0.3, target, known)
    plain = 0.1 * np.abs(target + 0.3).mean(axis=(1, 2))
    np.testing.assert_allclose(found[:2], plain[:2], atol=0.03)
    found = depth_distillation.depth_loss(target, target, known)
    np.testing.assert_allclose(found, 0, atol=1e-6)

    # And it ignores the unknown.
    known[:, :8] = 0
    changed = np.where(known > 0, target, 50).astype(np.float32)
    found, expected = (
        depth_distillation.depth_loss(maps[0], x, known)
        for x in (changed, target)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_held_out_rooms_are_blocks_with_a_gap_around(tmp_path):
    with pytest.raises(RequestError, match="too few rooms"):
        depth_data.split_rooms(tmp_path)
    (tmp_path / "rgb").mkdir()
    for number in range(0, 200):
        (tmp_path / "rgb" / f"{number:04}.jpg").touch()
    training, held_out = depth_data.split_rooms(tmp_path)
    assert [int(p.stem) for p in held_out] == [*range(150, 180)]
    assert [int(p.stem) for p in training] == [
        *range(5, 145),
        *range(185, 200),
    ]


def test_depth_follows_the_picture_into_its_view():
    # Depth is in the picture: red is inverse depth, nothing of it is unknown.
    rows = np.linspace(0.2, 1, 224, dtype="float32")[:, None]
    near = np.tile(rows, (4, 1, 224)) * np.linspace(1, 0.5, 224)
    rgb = (255 * np.stack([near] * 3, -1)).astype(np.uint8)
    hints = np.stack([near[:, 8::16, 8::16]] * 2, -1)
    seed = tf.constant([0, 1])
    views, targets = depth_data.random_view(
        rgb, near[:, ::2, ::2], hints, seed, 96
    )
    assert views.shape == (4, 96, 96, 3) and targets["hints"].shape[1:3] == (
        6,
        6,
    )
    depth, known = tf.unstack(targets["inverse_depth"], axis=-1)
    assert np.all(known == 1)
    # A part that fills the view is as far away as it is large.
    assert np.all(np.max(depth, (1, 2)) / np.ptp(near) > 1)
    small = tf.reduce_mean(views, -1)[:, ::2, ::2]
    for view, target in zip(small, depth, strict=True):
        assert abs(np.corrcoef(np.ravel(view), np.ravel(target))[0, 1]) > 0.7


def test_folding_changes_nothing():
    body = compact_depth_body(depth_distillation._normalized_convolution)
    draw = np.random.default_rng(0)
    for variable in body.variables:
        noise = draw.uniform(0, 0.1, variable.shape)
        variable.assign_add(noise.astype("float32"))
    plain = compact_depth_body()
    arrays = depth_distillation.folded_weights(body)
    for layer in plain.layers:
        if layer.weights:
            kinds = "kernel", "bias"
            layer.set_weights([arrays[f"{layer.name}/{k}"] for k in kinds])
    pictures = draw.uniform(0, 255, (1, 32, 32, 3)).astype("float32")
    for mine, theirs in zip(body(pictures), plain(pictures), strict=True):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(mine, theirs, atol=1e-4 * scale)


class _Teacher(DepthEstimator):
    is_metric = True

    def outputs(self, pictures):
        grey = tf.nn.avg_pool2d(pictures, 16, 16, "SAME")
        noise = keras.random.normal((1, 1, 1, 120), seed=0)
        depth = 3 - tf.reduce_mean(pictures, -1) / 128
        return [depth], [grey[..., :1] * noise]


@pytest.fixture
def distill(material, tmp_path, monkeypatch):
    """Runs the distillation on tiny material; returns scores and losses."""
    monkeypatch.setattr(registry, "depth_network", lambda name: _Teacher())
    settings = DepthDistillation(
        epochs=2,
        steps_per_epoch=8,
        rooms_per_step=3,
        photos_per_step=1,
        size=32,
    )

    def run():
        scores = depth_distillation.distill(
            settings,
            "teacher",
            material / "rooms",
            [material / "photos"],
            tmp_path,
        )
        with (tmp_path / "losses.csv").open() as file:
            rows = csv.DictReader(file)
            return scores, [float(row["loss"]) for row in rows]

    return run


def test_a_run_learns_and_ends_in_a_file(distill, tmp_path):
    scores, losses = distill()
    assert scores["rooms"] == 3 and -1 <= scores["spearman_median"] <= 1
    assert len(losses) == 2 and losses[1] < losses[0]
    weights = read_shipped_weights(WEIGHTS, tmp_path / "weights")
    assert CompactDepth(weights).count_params() > 1_000_000


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_as_one_that_was_not(distill, tmp_path):
    scores, (_, last) = distill()
    (tmp_path / "checkpoints" / "step_0000016.npz").unlink()
    again, losses = distill()
    assert losses[2] == pytest.approx(last, rel=0.02)
    assert again["spearman_median"] == pytest.approx(
        scores["spearman_median"], abs=0.05
    )


@pytest.mark.slow
def test_the_shipped_network_on_rooms_that_it_never_saw(assets):
    _, held_out = depth_data.split_rooms(assets / "rgbd" / "nyu_v2")
    scores = depth_distillation.score(
        CompactDepth(), depth_data.read_rooms(held_out[::3])
    )
    assert scores["rooms"] >= 60
    assert scores["spearman_median"] >= 0.85
    assert scores["delta_1_25"] >= 0.75
