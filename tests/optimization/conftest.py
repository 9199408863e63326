"""A picture that is small enough to be made many times."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.optimization.settings import OptimizationSettings


def _picture(random, height, width):
    coarse = random.integers(64, 192, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(
        (width, height), Image.Resampling.BICUBIC
    )


@pytest.fixture(scope="session")
def material(tmp_path_factory) -> pathlib.Path:
    """A folder: photo.png, a.png, b.png (paintings) and vgg19.npz."""
    folder = tmp_path_factory.mktemp("material")
    random = np.random.default_rng(0)
    _picture(random, 24, 32).save(folder / "photo.png")
    _picture(random, 40, 36).save(folder / "a.png")
    _picture(random, 30, 50).save(folder / "b.png")
    weights, inputs = {}, 3
    for name, outputs in (
        ("block1_conv1", 64),
        ("block1_conv2", 64),
        ("block2_conv1", 128),
    ):
        kernel = random.normal(0, (9 * inputs) ** -0.5, (3, 3, inputs, outputs))
        weights[f"{name}/kernel"] = kernel.astype("float32")
        weights[f"{name}/bias"] = random.normal(0, 0.1, outputs).astype("f4")
        inputs = outputs
    np.savez(folder / "vgg19.npz", **weights)
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
