"""A picture that is small enough to be made many times."""

import pytest
from tiny_material import small_networks

from fast_depth_style.optimization.settings import OptimizationSettings


@pytest.fixture(scope="session")
def small(material) -> OptimizationSettings:
    """Settings of a picture without depth that takes a second or two."""
    return OptimizationSettings(
        content=str(material / "photo.png"),
        style=(str(material / "a.png"),),
        iterations=6,
        size=32,
        scales=1,
        strip_at=(2, 4),
        **small_networks(material),
    )
