import numpy as np
import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.images.size import resize
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.settings import StylizeSettings


def _photo(height=192, width=256):
    """Soft colours, and a bright square with sharp edges."""
    y, x = np.mgrid[:height, :width]
    photo = np.stack([x / 2 + 20, 130 - y / 2, 60 + 0 * x], -1)
    photo[60:130, 90:170] += 100
    return photo.clip(0, 255).astype(np.uint8)


def _error(one, other):
    return np.abs(one.astype(float) - other).mean()


def test_a_large_photo_is_painted_as_a_small_one(model):
    photo = _photo()
    small = resize(photo, (48, 64))

    painted = paint(model, photo, StylizeSettings(paint_size="0.003072"))

    as_small = tiles.stylize(model, small)
    assert painted.shape == photo.shape
    # In small it is the small one's painting; at full size it is sharper.
    error = _error(resize(painted, (48, 64)), as_small)
    other = tiles.stylize(model, photo)
    assert error < 4 and error < _error(resize(other, (48, 64)), as_small) / 2


@pytest.mark.parametrize("size", ["full", "1", "0.04"])
def test_what_is_not_much_larger_is_painted_as_it_is(model, size):
    painted = paint(model, _photo(), StylizeSettings(paint_size=size))

    np.testing.assert_array_equal(painted, tiles.stylize(model, _photo()))


@pytest.mark.parametrize("size", ["full", "0.005"])
def test_colors_of_a_grey_photo_are_grey_at_any_size(model, size):
    grey = np.repeat(_photo()[..., :1], 3, -1)
    settings = StylizeSettings(paint_size=size, colors="photo")

    painted = paint(model, grey, settings).astype(int)

    assert (np.ptp(painted, axis=-1) == 0).all() and painted.std() > 1


@pytest.mark.parametrize(
    "wrong, says",
    [
        ({"colors": "both"}, "--colors=both: choose painting or photo"),
        *(
            ({"paint_size": size}, f"--paint_size={size}: give megapixels")
            for size in ("", "0", "-1", "nan", "inf", "1MP", "1e-9")
        ),
    ],
)
def test_wrong_settings_are_refused(wrong, says):
    with pytest.raises(RequestError, match=says):
        StylizeSettings(**wrong)
