"""Near and far, or a mask: each region has its own style."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.images.enlarging import follow_edges
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.regions import near_mask
from fast_depth_style.stylization.settings import StylizeSettings

_PHOTO = np.random.default_rng(0).integers(0, 256, (48, 96, 3), np.uint8)


@pytest.fixture
def half(tmp_path):
    """A mask whose left half is near."""
    mask = np.zeros((48, 96), np.uint8)
    mask[:, :48] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return str(tmp_path / "mask.png")


def _painted(model, **asked):
    settings = StylizeSettings(**asked)
    return paint(load_styled(model, settings), _PHOTO, settings).astype(int)


def test_each_region_has_its_style(styled_model, half):
    made = _painted(styled_model, style="near:udnie,far:scream", mask=half)
    near, far = (_painted(styled_model, style=s) for s in ("udnie", "scream"))
    for part in (slice(0, 20), slice(76, 96)):
        ours, other = (near, far) if part.start == 0 else (far, near)
        error = np.abs(made - ours)[:, part].mean()
        assert error < 0.5 * np.abs(made - other)[:, part].mean()


def test_where_there_is_none_the_photo_stays(styled_model, half):
    made = _painted(styled_model, style="near:none,far:scream", mask=half)
    painted = _painted(styled_model, style="scream")
    np.testing.assert_array_equal(made[:, :48], _PHOTO[:, :48])
    np.testing.assert_array_equal(made[:, 48:], painted[:, 48:])
    large = StylizeSettings(
        style="near:scream,far:none", mask=half, paint_size="0.001"
    )
    made = paint(load_styled(styled_model, large), _PHOTO, large)
    np.testing.assert_array_equal(made[:, 49:], _PHOTO[:, 49:])


def test_the_horizon_parts_near_from_far():
    rows = np.linspace(0, 255, 96).astype(np.uint8)[:, None, None]
    photo = np.broadcast_to(rows, (96, 128, 3))
    masks = [
        near_mask(photo, StylizeSettings(style="near:a,far:b", horizon=h))
        for h in (0.0, 0.5, 1.0)
    ]
    assert all(mask.shape == (96, 128) for mask in masks)
    means = [mask.mean() for mask in masks]
    assert means[0] > means[1] + 0.1 > means[2] + 0.2


def test_a_mask_follows_the_edges_of_the_photo():
    photo = np.full((64, 128, 3), 40, np.uint8)
    photo[:, 70:] = 200
    plane = np.zeros((16, 32), np.float32)
    plane[:, 17:] = 1.0  # The edge of the photo lies within a pixel of it.
    found = follow_edges(plane, photo)
    assert found[:, :60].max() < 0.1 and found[:, 80:].min() > 0.9
    assert (found[:, 71] - found[:, 68]).min() > 0.4


@pytest.mark.parametrize(
    "asked, says",
    [
        ({"style": "near:udnie"}, "give near:STYLE,far:STYLE"),
        ({"style": "near:udnie,far:x,udnie"}, "give near:STYLE,far:STYLE"),
        ({"style": "near:none,far:none"}, "one of near and far needs"),
        ({"mask": "a.png"}, "--mask: give --style=near"),
        ({"style": "near:udnie,far:x"}, "no style 'x'"),
    ],
)
def test_what_is_no_region_is_refused(styled_model, asked, says):
    with pytest.raises(RequestError, match=says):
        load_styled(styled_model, StylizeSettings(**asked))


def test_a_mask_that_was_changed_is_read_again(tmp_path):
    settings = StylizeSettings(
        style="near:udnie,far:scream", mask=str(tmp_path / "mask.png")
    )
    for level in (0, 255):
        Image.new("L", (16, 8), level).save(settings.mask)
        assert (near_mask(_PHOTO, settings) == level / 255).all()


@pytest.mark.parametrize("size", [(8, 8), (48, 96), (8, 48)])
def test_a_mask_of_another_shape_is_refused(tmp_path, size):
    settings = StylizeSettings(
        style="near:udnie,far:scream", mask=str(tmp_path / "mask.png")
    )
    Image.new("L", size).save(settings.mask)
    says = f"mask.png is {size[0]}x{size[1]}, of another shape .* 96x48"
    with pytest.raises(RequestError, match=says):
        near_mask(_PHOTO, settings)


def test_a_mask_that_is_no_picture_is_refused(styled_model, tmp_path):
    settings = StylizeSettings(
        style="near:udnie,far:scream", mask=str(tmp_path / "none.png")
    )
    with pytest.raises(RequestError, match="none.png"):
        paint(load_styled(styled_model, settings), _PHOTO, settings)
    plain = dataclasses.replace(settings, style="udnie", mask=None)
    assert paint(load_styled(styled_model, plain), _PHOTO, plain).any()
