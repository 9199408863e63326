"""A run that is small enough to be made many times."""

import dataclasses
import pathlib

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.training.settings import Settings


def _picture(random, height, width):
    # Without flat places, where a maximum has no gradient of its own.
    coarse = random.integers(64, 192, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(
        (width, height), Image.Resampling.BICUBIC
    )


def _vgg19_weights(random):
    weights, inputs = {}, 3
    for name, outputs in (
        ("block1_conv1", 64),
        ("block1_conv2", 64),
        ("block2_conv1", 128),
    ):
        scale = np.sqrt(2 / (9 * inputs))
        kernel = random.normal(0, scale, (3, 3, inputs, outputs))
        weights[f"{name}/kernel"] = kernel.astype("float32")
        weights[f"{name}/bias"] = random.normal(0, 0.1, outputs).astype("f4")
        inputs = outputs
    return weights


def _fast_depth_weights(random):
    """All 38 convolutions, four channels each."""
    weights, inputs = {}, 3
    for index in range(38):
        if index % 2 and index != 37:
            key = f"{index:02d}_DEPTHWISE_CONV_2D"
            side, fan = (3 if index < 27 else 5), 1
            shape, outputs = (side, side, inputs, 1), inputs
        else:
            key = f"{index:02d}_CONV_2D"
            side, fan = (1 if index else 3), inputs
            outputs = 1 if index == 37 else 4
            shape = (side, side, inputs, outputs)
        scale = np.sqrt(2 / (side * side * fan))
        kernel = random.normal(0, scale, shape)
        weights[f"{key}_w"] = np.abs(kernel) if index == 37 else kernel
        weights[f"{key}_b"] = random.uniform(0, 0.2, outputs)
        inputs = outputs
    return {name: array.astype("float32") for name, array in weights.items()}


@pytest.fixture(scope="session")
def material(tmp_path_factory) -> pathlib.Path:
    """A folder: painting.png, vgg19.npz, fast_depth.npz, and photos/.

    One of the photos is broken.
    """
    folder = tmp_path_factory.mktemp("material")
    random = np.random.default_rng(0)
    _picture(random, 96, 80).save(folder / "painting.png")
    (folder / "photos").mkdir()
    for number in range(7):
        picture = _picture(random, 90 + 7 * number, 120 - 5 * number)
        picture.save(folder / "photos" / f"{number}.png")
    (folder / "photos" / "broken.jpg").write_text("not a picture")
    np.savez(folder / "vgg19.npz", **_vgg19_weights(random))
    np.savez(folder / "fast_depth.npz", **_fast_depth_weights(random))
    return folder


@pytest.fixture(scope="session")
def small(material) -> Settings:
    """Settings of a run without depth that takes a second or two."""
    return Settings(
        style=str(material / "painting.png"),
        content=str(material / "photos"),
        perceptual_network=f"vgg19:{material / 'vgg19.npz'}",
        depth_network="none",
        style_layers=("relu1_1", "relu2_1"),
        content_layer="relu2_1",
        style_size=64,
        width=0.125,
        blocks=1,
        batch_size=2,
        image_size=64,
        steps=20,
        checkpoint_every=8,
        preview_every=20,
        mixed_precision=False,
    )


@pytest.fixture(scope="session")
def small_with_depth(small, material) -> Settings:
    """The same with a depth network of random weights."""
    depth = f"fast_depth:{material / 'fast_depth.npz'}"
    return dataclasses.replace(small, depth_network=depth)


@pytest.fixture(scope="session")
def command_line():
    """A function from settings to the flags of tools/train.py."""

    def command_line(settings: Settings, workdir) -> list[str]:
        changed = settings.differences(Settings())
        flags = [f"--workdir={workdir}"]
        for name, (value, _) in changed.items():
            text = ",".join(value) if isinstance(value, tuple) else value
            flags.append(f"--{name}={text}")
        return flags

    return command_line
