import dataclasses
import shutil

import keras
import numpy as np
import pytest

from fast_depth_style.distillation.depth import (
    DepthDistillation,
    DepthDistiller,
    depth_loss,
    evaluate_rooms,
)
from fast_depth_style.distillation.depth_data import (
    HINTS,
    STORED,
    STORED_MAP,
    DepthPictures,
)
from fast_depth_style.perception.compact_depth import compact_depth_body


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
    target[2] = 0.5 + 0.01 * target[2]
    return estimate.astype(np.float32), target.astype(np.float32)


def test_loss_is_the_formula(maps):
    estimate, target = maps
    expected = [_loss_in_numpy(*pair) for pair in zip(*maps, strict=True)]
    np.testing.assert_allclose(
        depth_loss(estimate, target, np.ones_like(target)), expected, rtol=2e-3
    )


def test_loss_hardly_asks_for_scale_and_shift(maps):
    _, target = maps
    loss = depth_loss(2 * target + 0.3, target, np.ones_like(target)).numpy()
    plain = 0.1 * np.abs(target + 0.3).mean(axis=(1, 2))
    # A flat target's spread is of the size of the formula's epsilon.
    np.testing.assert_allclose(loss[:2], plain[:2], atol=0.03)
    loss = depth_loss(target, target, np.ones_like(target))
    np.testing.assert_allclose(loss, 0, atol=1e-6)


def test_loss_ignores_the_unknown(maps):
    estimate, target = maps
    known = np.ones_like(target)
    known[:, :8] = 0
    changed = np.where(known > 0, target, 50).astype(np.float32)
    np.testing.assert_allclose(
        depth_loss(estimate, target, known),
        depth_loss(estimate, changed, known),
        rtol=1e-5,
    )
    nothing = depth_loss(estimate, target, np.zeros_like(target))
    np.testing.assert_allclose(nothing, 0, atol=1e-4)


@pytest.fixture(scope="module")
def pictures():
    """Pictures whose lower part is near and red: easy to learn."""
    draw = np.random.default_rng(0)
    rows = np.linspace(0, 1, STORED)[:, None]
    slopes = draw.uniform(0.3, 1.0, (12, 1, 1))
    near = 0.1 + slopes * np.broadcast_to(rows, (STORED, STORED))
    rgb = 255 * near[..., None] * (0.9, 0.4, 0.2)
    rgb = rgb + draw.normal(0, 5, rgb.shape)
    step = STORED // STORED_MAP
    hints = np.repeat(near[:, 8::16, 8::16, None], HINTS, -1) / 20
    return DepthPictures(
        rgb.clip(0, 255).astype(np.uint8),
        near[:, ::step, ::step].astype(np.float16),
        np.arange(12) < 7,
        hints.astype(np.float16),
    )


_TINY = DepthDistillation(
    steps=40,
    rooms_per_step=3,
    photos_per_step=2,
    sizes=(32, 32, 32),
    checkpoint_every=20,
)


class _Keeping(DepthDistiller):
    """Keeps a copy of every checkpoint, in a folder of its own."""

    def _save(self):
        super()._save()
        folder = self.workdir / str(self.step)
        folder.mkdir()
        shutil.copy(self.workdir / "checkpoint.npz", folder)


@pytest.fixture(scope="module")
def trained(pictures, tmp_path_factory):
    distiller = _Keeping(_TINY, pictures, tmp_path_factory.mktemp("run"))
    lines = []
    distiller.run(lines.append)
    return distiller, lines


@pytest.mark.slow
def test_learns_and_says_so(trained, pictures):
    distiller, lines = trained
    assert distiller.step == 40
    assert lines[-1].startswith("step 40/40") and "min to go" in lines[-1]
    assert _correlation(distiller.body, pictures) > 0.5


def _correlation(body, pictures):
    """Of estimate and truth, as the body is while it trains."""
    maps = body(_small(pictures), training=True)[0]
    truth = pictures.inverse_depth[:, 3::7, 3::7].astype(np.float32)
    return np.corrcoef(np.array(maps, np.float32).ravel(), truth.ravel())[0, 1]


def _small(pictures):
    return keras.ops.image.resize(pictures.rgb.astype(np.float32), (32, 32))


@pytest.mark.slow
def test_a_run_continues_as_if_it_had_not_stopped(trained, pictures):
    whole, _ = trained
    resumed = DepthDistiller(_TINY, pictures, whole.workdir / "20")
    assert resumed.step == 20
    resumed.run(lambda line: None)
    for mine, theirs in zip(resumed.average, whole.average, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=0.05, atol=2e-3)

    # And it stops where the loss is no number.
    nan = np.full_like(pictures.hints, np.nan)
    resumed.pictures = dataclasses.replace(pictures, hints=nan)
    resumed.config = dataclasses.replace(_TINY, steps=60)
    with pytest.raises(FloatingPointError, match="step"):
        resumed.run(lambda line: None)


@pytest.mark.slow
def test_weights_are_the_averaged_network_folded(trained, pictures):
    distiller, _ = trained
    before = [v.numpy() for v in distiller.body.variables]
    weights = distiller.weights()
    for old, now in zip(before, distiller.body.variables, strict=True):
        np.testing.assert_array_equal(old, now)
    plain = compact_depth_body()
    for layer in plain.layers:
        if layer.weights:
            layer.set_weights(
                [weights[f"{layer.name}/{k}"] for k in ("kernel", "bias")]
            )
    folded = plain(_small(pictures))[0]
    for variable, mean in zip(
        distiller.body.trainable_variables, distiller.average, strict=True
    ):
        variable.assign(mean)
    # Normalized by its batch, and in bfloat16, it is not quite the same.
    normalized = distiller.body(_small(pictures), training=True)[0]
    maps = [np.array(x, np.float32).ravel() for x in (normalized, folded)]
    assert np.corrcoef(*maps)[0, 1] > 0.8


def test_rooms_are_scored_by_what_the_network_sees(pictures):
    class Red:
        def __call__(self, batch):
            return batch[:, ::4, ::4, 0] - batch[:, ::4, ::4, 2]

    scores = evaluate_rooms(Red(), pictures)
    assert scores["spearman_median"] > 0.95
    assert scores["delta_1_25"] > 0.9
