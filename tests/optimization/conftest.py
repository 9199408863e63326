"""A picture that is small enough to be made many times."""

import pathlib

import numpy as np
import pytest
from tiny_material import picture, vgg19_weights

from fast_depth_style.optimization.settings import OptimizationSettings


@pytest.fixture(scope="session")
def material(tmp_path_factory) -> pathlib.Path:
    """A folder: photo.png, a.png, b.png (paintings) and vgg19.npz."""
    folder = tmp_path_factory.mktemp("material")
    random = np.random.default_rng(0)
    picture(random, 24, 32).save(folder / "photo.png")
    picture(random, 40, 36).save(folder / "a.png")
    picture(random, 30, 50).save(folder / "b.png")
    np.savez(folder / "vgg19.npz", **vgg19_weights(random))
    return folder


@pytest.fixture(scope="session")
def small(material) -> OptimizationSettings:
    """Settings of a picture without depth that takes a second or two."""
    return OptimizationSettings(
        content=str(material / "photo.png"),
        style=(str(material / "a.png"),),
        perceptual_network=f"vgg19:{material / 'vgg19.npz'}",
        depth_network="none",
        layers=("relu1_1", "relu2_1"),
        content_layer="relu2_1",
        iterations=6,
        size=32,
        scales=1,
        strip_at=(2, 4),
    )
