"""What stands in saved_models/: is it the network that the package brings?"""

import functools
import hashlib
import json
import pathlib

import numpy as np
import pytest
from painting_faults import (
    border_step,
    lattice,
    require_flat,
    require_no_blobs,
    saturated,
    sky,
)

from fast_depth_style.demo.painting import paint
from fast_depth_style.exporting.saved_model import read_card, read_network
from fast_depth_style.exporting.shipped import read_shipped
from fast_depth_style.exporting.shipped_card import SHIPPED, shipped_styles
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.tiles import stylize
from fast_depth_style.training.settings import preset

_FOLDER = pathlib.Path(__file__).parents[1] / "saved_models"


def _model(name):
    if not (_FOLDER / name / "1").is_dir():
        pytest.skip(f"no {name}: saved_models/README.md says how to make it")
    return _FOLDER / name


@pytest.mark.parametrize("name", ["styles", "styles_mobile"])
def test_a_model_has_a_card_with_what_made_it_and_its_files(name):
    folder = _model(name)
    text = (folder / "card.json").read_text()
    assert (folder / "1/assets.extra/card.json").read_text() == text
    card = json.loads(text)
    assert card["name"] and card["final_terms"]
    assert card["network"]["styles"] == shipped_styles()
    assert (folder / "README.md").stat().st_size > 300
    assert card["files"] == {
        path.relative_to(folder).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in (folder / "1").rglob("*")
        if path.is_file() and path.name != "card.json"
    }


def test_the_full_model_is_the_network_of_the_package():
    saved, shipped = read_network(_model("styles")), read_shipped()
    assert saved.get_config() == shipped.get_config()
    for one, other in zip(
        saved.get_weights(), shipped.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_the_mobile_network_is_what_the_preset_makes():
    network = read_card(_model("styles_mobile"))["network"]
    assert network["width"] == preset("mobile").width
    assert 13 * network["parameters"] < read_shipped().count_params()


@pytest.mark.parametrize("depth", [0.0, 1.0])
@pytest.mark.parametrize("style", shipped_styles())
def test_the_mobile_network_paints_without_faults(style, depth):
    asked = StylizeSettings(style=style, depth=depth)
    painted = functools.partial(
        stylize, load_styled(_model("styles_mobile"), asked)
    )
    for shade in (0, 128, 255):
        require_flat(painted, shade)
    require_no_blobs(painted)
    for level in (75, 130):
        assert lattice(painted(sky(level))) < 8
    picture = painted(paint(240, 320, seed=11))
    assert saturated(picture) < 0.01
    for turns in range(4):
        assert border_step(np.rot90(picture, turns)) < 12


@pytest.mark.parametrize("style", shipped_styles())
def test_the_mobile_network_paints_what_the_full_one_paints(style):
    """Nearer to it than to the photo or to another style."""
    mobile, photo = _model("styles_mobile"), paint(192, 256, seed=5)
    other = "udnie" if style == "starry_night" else "starry_night"
    student, teacher, stranger = (
        stylize(load_styled(model, StylizeSettings(style=each)), photo)
        for model, each in (
            (mobile, style),
            (SHIPPED, style),
            (SHIPPED, other),
        )
    )
    error = _difference(student, teacher)
    assert error < 0.5 * np.var(teacher.astype(float), axis=(0, 1)).mean()
    for picture in (stranger, photo):
        assert error < _difference(student, picture)


def _difference(one, other):
    return np.mean(np.square(one.astype(float) - other))


def test_the_lattice_of_a_checkerboard_is_its_variance():
    rows, columns = np.mgrid[:96, :120]
    board = 100 + 20 * ((rows // 2 + columns // 2) % 2)
    assert lattice(np.stack([board] * 3, axis=-1)) == pytest.approx(100)
    wide = 100 + 20 * ((rows // 3 + columns // 3) % 2)
    assert lattice(np.stack([wide] * 3, axis=-1)) < 10
