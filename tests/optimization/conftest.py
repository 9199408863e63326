"""A picture that is small enough to be made many times."""

import pathlib

import pytest
from tiny_material import write_material

from fast_depth_style.optimization.settings import OptimizationSettings


@pytest.fixture(scope="session")
def material(tmp_path_factory) -> pathlib.Path:
    return write_material(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="session")
def small(material) -> OptimizationSettings:
    """Settings of a picture without depth that takes a second or two."""
    return OptimizationSettings(
        content=str(material / "photo.png"),
        style=(str(material / "a.png"),),
        perceptual_network=f"vgg19:{material / 'vgg19.npz'}",
        depth_network="none",
        style_layers=("relu1_1", "relu2_1"),
        content_layer="relu2_1",
        iterations=6,
        size=32,
        scales=1,
        strip_at=(2, 4),
    )
