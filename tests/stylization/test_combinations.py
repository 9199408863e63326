"""Seams, borders and dials where regions, tiles and colours come together."""

import numpy as np
import pytest
from painting_faults import border_step
from PIL import Image

from fast_depth_style.demo.samples import sample_painting
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.light_model import load_light
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.tensorflow_model import load_shipped

_REGIONS = "near:udnie,far:scream"


@pytest.fixture(params=[load_light, load_shipped], ids=["light", "tensorflow"])
def load(request, folder):
    """Loads the network for settings, into one of the engines."""
    return lambda settings: request.param(settings, folder)


@pytest.fixture(scope="module")
def photo():
    return sample_painting(260, 330)


@pytest.fixture
def cut(monkeypatch):
    """Pictures are cut into tiles of about so many pixels a side."""

    def cut(side):
        monkeypatch.setattr(tiles, "WHOLE_PIXELS", 20_000)
        monkeypatch.setattr(tiles, "SAMPLE_PIXELS", 100_000)
        monkeypatch.setattr(
            tiles.stylize_in_tiles, "__defaults__", (side, iter, None)
        )

    return cut


def _mask(folder, level=None):
    """A soft edge from white to black, or one level everywhere."""
    ramp = np.linspace(800, -545, 330).clip(0, 255)
    if level is not None:
        ramp[:] = level
    path = folder / f"mask_{level}.png"
    Image.fromarray(np.tile(ramp, (260, 1)).astype(np.uint8)).save(path)
    return str(path)


def _painted(load, photo, **asked):
    settings = StylizeSettings(paint_size="full", **asked)
    return paint(load(settings), photo, settings).astype(int)


@pytest.mark.parametrize("colors", ["painting", "photo"])
@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_no_seams_where_regions_are_cut_into_tiles(
    load, photo, cut, tmp_path, colors, strength
):
    asked = {
        "style": _REGIONS,
        "mask": _mask(tmp_path),
        "depth": 0.3,
        "colors": colors,
        "strength": strength,
    }
    cut(10_000)
    whole = _painted(load, photo, **asked)
    cut(64)

    tiled = _painted(load, photo, **asked)

    # A level of the painting may be more than one of colours put on it.
    assert np.abs(tiled - whole).max() <= (1 if colors == "painting" else 4)
    assert np.abs(tiled - whole).mean() < 0.01


def test_tiles_of_regions_look_as_if_taken_whole(load, photo, cut, tmp_path):
    """The statistics of patches are as good with regions as without."""
    requests = (
        {"style": "udnie"},
        {"style": "scream"},
        {"style": _REGIONS, "mask": _mask(tmp_path)},
    )
    whole = [_painted(load, photo, **asked) for asked in requests]
    cut(64)

    tiled = [_painted(load, photo, **asked) for asked in requests]

    *plain, error = (
        np.mean((one - other).astype(float) ** 2)
        for one, other in zip(tiled, whole, strict=True)
    )
    assert 0 < error < 1.2 * max(plain)


@pytest.mark.parametrize("side", [None, 64])
def test_borders_do_not_show(load, photo, cut, tmp_path, side):
    """Neither in regions nor in tiles more than in a plain painting."""
    plain = _painted(load, photo, style="udnie")
    if side:
        cut(side)
    near = _painted(
        load, photo, style=_REGIONS, mask=_mask(tmp_path, 255), colors="photo"
    )
    plain_colors = _painted(load, photo, style="udnie", colors="photo")
    for turns in range(4):
        steps = [
            border_step(np.rot90(each, turns))
            for each in (near, plain, plain_colors)
        ]
        assert steps[0] < max(steps[1:]) + 1


@pytest.mark.parametrize("side", [None, 64])
@pytest.mark.parametrize("dials", [(0, 0), (1, 0.5), (0.4, 1)])
def test_a_region_over_everything_is_its_style(
    load, photo, cut, tmp_path, side, dials
):
    """By every dial, whole and in tiles, with colours and strength."""
    if side:
        cut(side)
    asked = {
        "depth": dials[0],
        "stroke": dials[1],
        "colors": "photo",
        "strength": 0.8,
    }
    for level, style in ((255, "udnie"), (0, "scream")):
        mask = _mask(tmp_path, level)
        tiles_of = _painted(load, photo, style=_REGIONS, mask=mask, **asked)
        plain = _painted(load, photo, style=style, **asked)
        assert np.abs(tiles_of - plain).mean() < 0.02


def test_dials_act_in_every_region(load, photo, cut, tmp_path):
    cut(64)
    asked = {"style": _REGIONS, "mask": _mask(tmp_path)}
    for dial in ("depth", "stroke"):
        ends = [
            _painted(load, photo, **asked, **{dial: value}) for value in (0, 1)
        ]
        difference = np.abs(ends[0] - ends[1])
        assert difference[:, :100].mean() > 1 < difference[:, -100:].mean()


@pytest.mark.parametrize("colors", ["painting", "photo"])
def test_strength_goes_from_the_photo_to_the_painting(load, photo, colors):
    photo = photo[:64, :80]
    none, half, full = (
        _painted(load, photo, style="udnie", colors=colors, strength=s)
        for s in (0, 0.5, 1)
    )
    np.testing.assert_array_equal(none, photo)
    assert np.abs(half - (photo + full) / 2).max() <= 0.5
    np.testing.assert_array_equal(
        full, _painted(load, photo, style="udnie", colors=colors)
    )
