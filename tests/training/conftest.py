"""A run that is small enough to be made many times."""

import dataclasses

import pytest

from fast_depth_style.training.settings import TrainingSettings


@pytest.fixture(scope="session")
def small(material) -> TrainingSettings:
    """Settings of a run without depth that takes a second or two."""
    return TrainingSettings(
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
def small_with_depth(small, material) -> TrainingSettings:
    """The same with a depth network of random weights."""
    depth = f"fast_depth:{material / 'fast_depth.npz'}"
    return dataclasses.replace(small, depth_network=depth)


@pytest.fixture(scope="session")
def command_line():
    """A function from settings to the flags of tools/train.py."""

    def command_line(settings: TrainingSettings, workdir) -> list[str]:
        flags = ["--preset=balanced", f"--workdir={workdir}"]
        for field in dataclasses.fields(settings):
            value = getattr(settings, field.name)
            if value != field.default:
                if isinstance(value, tuple):
                    value = ",".join(map(str, value))
                flags.append(f"--{field.name}={value}")
        return flags

    return command_line
