import dataclasses
import math

import pytest

from fast_depth_style.requests import (
    RequestError,
    fill_in,
    require_in_range,
)


@dataclasses.dataclass
class _Settings:
    style_weight: float = 0.0
    steps: int = 2
    rate: float = 0.1
    name: str = "wave"


def _require(settings):
    require_in_range(settings, {"steps": 2}, ("rate",))


@pytest.mark.parametrize("rate", [1e-30, 1e30])
def test_what_is_in_range_passes(rate):
    _require(_Settings(rate=rate))


@pytest.mark.parametrize(
    "name, values, says",
    [
        ("style_weight", (-0.1, math.inf, math.nan), "a weight is 0 or more"),
        ("steps", (1, math.inf, math.nan), "must be at least 2"),
        ("rate", (0.0, -1.0, math.inf, math.nan), "must be more than 0"),
    ],
)
def test_what_is_not_is_named_with_its_value(name, values, says):
    for value in values:
        with pytest.raises(RequestError) as error:
            _require(_Settings(**{name: value}))
        assert str(error.value).startswith(f"--{name}={value}: {says}")


def test_only_what_is_none_is_filled_in():
    settings = _Settings(name=None)

    fill_in(settings, name="wave", steps=7)

    assert (settings.name, settings.steps) == ("wave", 2)
