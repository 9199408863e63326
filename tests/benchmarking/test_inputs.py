import numpy as np
import pytest
from tiny_material import vgg19_weights

from fast_depth_style.benchmarking.inputs import (
    named_weights,
    random_vgg19,
    soft_pictures,
    trainer_and_photos,
    vgg19_arrays,
)
from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.perception.vgg19 import LAYERS
from fast_depth_style.training.settings import preset


def test_soft_pictures_are_pictures():
    pictures = soft_pictures(2, 40, 61, seed=3)

    assert (pictures.shape, pictures.dtype) == ((2, 40, 61, 3), np.float32)
    assert (pictures.min(), pictures.max()) == (0, 255)
    np.testing.assert_array_equal(pictures, np.round(pictures))
    np.testing.assert_array_equal(pictures, soft_pictures(2, 40, 61, seed=3))
    assert np.abs(pictures[0] - pictures[1]).mean() > 10
    # Soft: neighbours are alike.
    assert np.abs(np.diff(pictures, axis=2)).mean() < 15


def test_named_weights_name_all_weights():
    network = Transformer(width=0.1, blocks=1)
    network.build()
    weights = named_weights(network)

    assert len(weights) == len(network.weights)
    assert {id(w) for w in weights.values()} == {id(w) for w in network.weights}
    for name in ("down0/kernel", "block0a/shift", "up1/scale", "paint/bias"):
        assert name in weights


def test_random_vgg19_keeps_the_strength_of_features():
    weights = random_vgg19(LAYERS)

    assert len(weights) == 2 * len(LAYERS)
    for name in ("block1_conv2", "block3_conv4", "block5_conv1"):
        kernel = weights[f"{name}/kernel"]
        assert kernel.std() ** 2 * np.prod(kernel.shape[:3]) == pytest.approx(
            2, rel=0.02
        )


def test_a_trainer_and_its_photos_suit_each_other(tmp_path):
    path = tmp_path / "vgg19.npz"
    np.savez(path, **vgg19_weights(np.random.default_rng(0)))
    settings = preset(
        "balanced",
        perceptual_network=f"vgg19:{path}",
        style_layers=("relu1_1",),
        content_layer="relu1_2",
        depth_network="none",
        width=0.1,
        image_size=64,
        style_size=64,
        batch_size=2,
    )

    trainer, photos = trainer_and_photos(settings)

    assert photos.shape == (2, 64, 64, 3)
    # What the machine decides is decided.
    assert trainer.objective.settings.mixed_precision in (True, False)
    assert trainer.optimizer.iterations == 0
    assert np.isfinite(trainer.network(photos)).all()


def test_vgg19_arrays_are_those_of_the_file(tmp_path):
    given = vgg19_weights(np.random.default_rng(0))
    np.savez(tmp_path / "vgg19.npz", **given)

    found = vgg19_arrays(
        f"vgg19:{tmp_path / 'vgg19.npz'}", ["relu1_1", "relu2_1"]
    )

    assert set(found) == set(given)
    for name, array in given.items():
        np.testing.assert_array_equal(found[name], array)
