"""The shipped mobile models, each against the full one that taught it."""

import json
import pathlib

import numpy as np
import pytest

from fast_depth_style.demo.painting import paint
from fast_depth_style.serving.saved_model import read_model
from fast_depth_style.stylization.tiles import stylize
from fast_depth_style.training.settings import preset

_FOLDER = pathlib.Path(__file__).parents[1] / "saved_models"

_MOBILE = sorted(path.name for path in _FOLDER.glob("*_mobile"))


@pytest.fixture(scope="module")
def photo():
    return paint(192, 256, seed=5)


def _network(name):
    return json.loads((_FOLDER / name / "card.json").read_text())["network"]


@pytest.mark.parametrize("name", _MOBILE)
def test_it_is_what_the_preset_makes(name):
    mobile, full = _network(name), _network(name.removesuffix("_mobile"))

    assert mobile["width"] == preset("mobile").width
    assert 14 * mobile["parameters"] < full["parameters"]


@pytest.mark.parametrize("name", _MOBILE)
def test_it_paints_what_the_full_network_paints(name, photo):
    """Nearer to it than to the photo or to another style."""
    full = name.removesuffix("_mobile")
    other = "udnie" if full == "starry_night" else "starry_night"
    student, teacher, stranger = (
        stylize(read_model(_FOLDER / each), photo).astype(float)
        for each in (name, full, other)
    )

    error = np.mean(np.square(student - teacher))
    assert error < 0.5 * np.var(teacher, axis=(0, 1)).mean()
    for picture in (stranger, photo):
        assert error < np.mean(np.square(student - picture))
