"""A run that is small enough to be made many times."""

import dataclasses
import pathlib

import numpy as np
import pytest
from tiny_material import picture, vgg19_weights

from fast_depth_style.training.settings import Settings


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
    picture(random, 96, 80).save(folder / "painting.png")
    (folder / "photos").mkdir()
    for number in range(7):
        photo = picture(random, 90 + 7 * number, 120 - 5 * number)
        photo.save(folder / "photos" / f"{number}.png")
    (folder / "photos" / "broken.jpg").write_text("not a picture")
    np.savez(folder / "vgg19.npz", **vgg19_weights(random))
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
        style_scales=1,
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
