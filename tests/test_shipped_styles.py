"""The network that the package brings, as a user meets it."""

import functools

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
from PIL import Image

from fast_depth_style.demo.samples import sample_painting
from fast_depth_style.exporting.shipped import read_shipped
from fast_depth_style.exporting.shipped_card import (
    FOLDER,
    FOLDERS,
    MOBILE,
    SHIPPED,
    shipped_card,
    shipped_styles,
)
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.tiles import stylize

_STYLES = (
    "composition_vii great_wave scream shipwreck starry_night udnie"
    " water_lilies".split()
)


@pytest.fixture(
    scope="module",
    params=[(style, depth) for style in _STYLES for depth in (0.0, 1.0)],
    ids=lambda each: f"{each[0]}-{each[1]:g}",
)
def model(request):
    style, depth = request.param
    return load_styled(SHIPPED, StylizeSettings(style=style, depth=depth))


@pytest.fixture(scope="module")
def painting():
    """Textured everywhere, as photos are, and made by the project itself."""
    return sample_painting(240, 320)


def test_the_seven_styles_are_there_with_a_card():
    assert sorted(shipped_styles()) == _STYLES
    card = shipped_card()
    for key in ("command", "hardware", "paintings", "photos", "evaluation"):
        assert card[key], key
    assert {*card["paintings"]} == {*_STYLES}
    network = read_shipped()
    assert network.dials and network.width == 1.0
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 4_000_000


def test_the_mobile_network_has_the_same_styles_in_little_room():
    assert shipped_styles(MOBILE) == shipped_styles()
    network = read_shipped(FOLDERS[MOBILE])
    assert network.dials and network.width == 0.25
    size = sum(p.stat().st_size for p in FOLDERS[MOBILE].iterdir())
    assert size < 600_000


def test_the_mobile_network_paints_each_style_as_the_large_one(painting):
    def painted(name, style):
        picture = stylize(
            load_styled(name, StylizeSettings(style=style)), painting
        )
        small = Image.fromarray(picture).resize((32, 24), Image.Resampling.BOX)
        return np.asarray(small, float)

    large = {style: painted(SHIPPED, style) for style in _STYLES}
    for style in _STYLES:
        made = painted(MOBILE, style)
        off = {
            name: np.abs(made - other).mean() for name, other in large.items()
        }
        assert min(off, key=off.get) == style
        assert off[style] < 15


@pytest.mark.parametrize("shade", [0, 64, 128, 192, 255])
def test_flat_pictures_do_not_saturate(model, shade):
    require_flat(functools.partial(stylize, model), shade)


def test_an_even_slope_shows_no_blobs(model):
    require_no_blobs(functools.partial(stylize, model))


@pytest.mark.parametrize("level", [75, 130])
def test_a_sky_shows_no_mesh(model, level):
    """A network that shows one has 10 to 145 (research/notes.md)."""
    assert lattice(stylize(model, sky(level))) < 3


def test_a_picture_has_no_border(model, painting):
    picture = stylize(model, painting)
    for turns in range(4):
        # At one side the painting itself has a step of 8. With a margin of 32
        # pixels others rise by 7.
        own = border_step(np.rot90(painting, turns))
        assert border_step(np.rot90(picture, turns)) < min(12, own + 6)


def test_a_photo_keeps_its_layout_and_has_no_blobs(model, painting):
    picture = stylize(model, painting)
    assert saturated(picture) < 0.01
    small = [
        np.asarray(Image.fromarray(p).convert("L").resize((20, 15)), float)
        for p in (painting, picture)
    ]
    assert np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1] > 0.5


def test_styles_dials_and_blends_are_seen(painting):
    def painted(**asked):
        model = load_styled(SHIPPED, StylizeSettings(**asked))
        return stylize(model, painting).astype(float)

    plain = painted(style="udnie", depth=0.0, stroke=0.5)
    for other in (
        {"style": "scream", "depth": 0.0},
        {"style": "udnie", "depth": 1.0},
        {"style": "udnie", "depth": 0.0, "stroke": 1.0},
        {"style": "udnie:0.5,scream:0.5", "depth": 0.0},
    ):
        assert np.abs(painted(**other) - plain).mean() > 2, other


def test_the_lattice_of_a_checkerboard_is_its_variance():
    rows, columns = np.mgrid[:96, :120]
    board = 100 + 20 * ((rows // 2 + columns // 2) % 2)
    assert 95 < lattice(np.stack([board] * 3, axis=-1)) <= 100
    wide = 100 + 20 * ((rows // 3 + columns // 3) % 2)
    assert lattice(np.stack([wide] * 3, axis=-1)) < 10
