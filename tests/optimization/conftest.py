"""A picture that is small enough to be made many times."""

import pytest

from fast_depth_style.optimization.settings import OptimizationSettings


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
