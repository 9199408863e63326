"""A run that is small enough to be made many times."""

import dataclasses

import pytest
from tiny_material import small_run

from fast_depth_style.training.settings import TrainingSettings


@pytest.fixture(scope="session")
def small(material) -> TrainingSettings:
    return small_run(material)


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
