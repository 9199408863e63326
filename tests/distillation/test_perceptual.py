import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.distillation import perceptual
from fast_depth_style.distillation.varied_pictures import VariedPictures
from fast_depth_style.perception.compact_perceptual import (
    COMPONENTS,
    CompactPerceptual,
)


def _pictures(kind=VariedPictures):
    draw = np.random.default_rng(0)
    photos = [draw.integers(0, 256, (48, 40, 3), np.uint8) for _ in range(4)]
    return kind(photos[:3], photos[3:], 32)


def _features(draw, pictures=4):
    return {
        name: draw.normal(size=(pictures, 6, 5, count)).astype(np.float32)
        for name, count in COMPONENTS.items()
    }


def test_the_loss_of_a_perfect_student_is_nothing():
    features = _features(np.random.default_rng(0))
    loss, _ = perceptual.regression_loss(
        _tensors(features), _tensors(features), 1.0, 1.0
    )
    assert float(loss) == 0


def test_the_terms_are_those_of_a_numpy_computation():
    draw = np.random.default_rng(0)
    wanted, given = _features(draw), _features(draw)
    loss, terms = perceptual.regression_loss(
        _tensors(given), _tensors(wanted), 2.0, 0.25
    )
    for row, name in zip(terms.numpy(), perceptual.LAYERS, strict=True):
        expected = np.zeros(3)
        for one in range(4):
            s = given[name][one].reshape(30, -1).astype(float)
            t = wanted[name][one].reshape(30, -1).astype(float)
            power = np.mean(t**2)
            spread = np.mean((t - t.mean(0)) ** 2)
            expected[0] += np.mean((s - t) ** 2) / (spread + 0.1 * power) / 4
            wrong = np.sum((s.T @ s - t.T @ t) ** 2)
            expected[1] += wrong / np.sum((t.T @ t) ** 2) / 4
        for one in range(2):
            ds = given[name][one + 2] - given[name][one]
            dt = wanted[name][one + 2] - wanted[name][one]
            power = np.mean(wanted[name][one] ** 2)
            change = np.mean((ds - dt) ** 2)
            expected[2] += change / (np.mean(dt**2) + 1e-3 * power) / 2
        np.testing.assert_allclose(row, expected, rtol=1e-4)
    means = terms.numpy().mean(axis=0)
    assert float(loss) == pytest.approx(means @ [1, 2, 0.25], rel=1e-5)


@pytest.mark.slow
def test_a_stopped_distillation_continues_where_it_was(vgg19_file, tmp_path):
    config = perceptual.PerceptualDistillation(
        steps=5,
        picture_size=32,
        fresh=2,
        pool_size=3,
        pool_from=0,
        warm_up=1,
        checkpoint_every=3,
    )

    class Stopping(VariedPictures):
        drawn = 0

        def disturbed(self, picture, rng):
            self.drawn += 1
            if self.drawn > 10:
                raise KeyboardInterrupt
            return super().disturbed(picture, rng)

    said = []
    for pictures, folder in (
        (_pictures(), "straight"),
        (_pictures(Stopping), "stopped"),
        (_pictures(), "stopped"),
    ):
        try:
            weights = perceptual.distill_perceptual(
                config, vgg19_file, pictures, tmp_path / folder, said.append
            )
        except KeyboardInterrupt:
            assert (tmp_path / "stopped/checkpoint.npz").exists()
        if folder == "straight":
            straight = weights
    assert "continuing at step 3" in said
    for key, array in weights.items():
        # A step moves a kernel by about 2 %; sums in another order by far less.
        error = np.linalg.norm(array - straight[key])
        assert error <= 3e-3 * np.linalg.norm(straight[key])
    # The weights are those of the network that ships.
    features = CompactPerceptual(weights=weights)(np.zeros((1, 32, 32, 3)))
    assert set(features) == set(COMPONENTS)


def _tensors(features):
    return {name: tf.constant(array) for name, array in features.items()}
