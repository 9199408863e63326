"""The shipped mobile model, against the full network that taught it."""

import json
import pathlib

import numpy as np
import pytest

from fast_depth_style.demo.painting import paint
from fast_depth_style.serving.saved_model import read_model
from fast_depth_style.stylization.tiles import stylize
from fast_depth_style.training.settings import preset

_FOLDER = pathlib.Path(__file__).parents[1] / "saved_models"


@pytest.fixture(scope="module")
def card():
    return json.loads((_FOLDER / "great_wave_mobile/card.json").read_text())


def test_it_is_what_the_preset_makes(card):
    full = json.loads((_FOLDER / "great_wave" / "card.json").read_text())

    assert card["network"]["width"] == preset("mobile").width
    parameters = [c["network"]["parameters"] for c in (card, full)]
    assert 14 * parameters[0] < parameters[1]


def test_it_paints_what_the_full_network_paints():
    """Nearer to it than to the photo or to another style."""
    photo = paint(192, 256, seed=5)
    pictures = {
        name: stylize(read_model(_FOLDER / name), photo).astype(float)
        for name in ("great_wave_mobile", "great_wave", "starry_night")
    }
    student = pictures.pop("great_wave_mobile")

    error = {
        name: np.mean(np.square(student - picture))
        for name, picture in {**pictures, "photo": photo}.items()
    }
    variance = np.var(pictures["great_wave"], axis=(0, 1)).mean()
    assert error["great_wave"] < 0.5 * variance
    assert error["great_wave"] < min(error["photo"], error["starry_night"])
