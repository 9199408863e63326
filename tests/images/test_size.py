import numpy as np
import pytest

from fast_depth_style.images import size


def _ramp(height, width):
    """Red grows to the right, green downwards, 1 level a pixel."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x, y, 0 * x], -1).astype(np.uint8)


def test_resize_is_height_first():
    assert size.resize(_ramp(20, 30), (40, 90)).shape == (40, 90, 3)
    assert size.resize(_ramp(20, 30)[..., 0], (7, 5)).shape == (7, 5)


def test_resize_does_not_alias():
    # Columns of 0 and 255 in turn: a filter without antialiasing shows
    # stripes or a flat 0 or 255, the right answer is their mean.
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    small = size.resize(stripes, (16, 16)).astype(int)
    assert np.abs(small[:, 2:-2] - 127.5).max() < 5


def test_resize_keeps_positions():
    small = size.resize(_ramp(60, 120), (30, 60)).astype(float)
    # The centre of new pixel i is at 2 i + 0.5 in old pixels.
    np.testing.assert_allclose(
        small[15, 5:55, 0], 2 * np.arange(5, 55) + 0.5, atol=0.6
    )
    np.testing.assert_allclose(
        small[5:25, 30, 1], 2 * np.arange(5, 25) + 0.5, atol=0.6
    )


def test_resize_of_a_box_equals_crop_and_resize_inside():
    photo = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    crop = size.resize(photo[10:42, 20:68], (16, 24))
    box = size.resize(photo, (16, 24), box=(10, 20, 42, 68))
    # At the rim of the box the filter sees the picture around it.
    np.testing.assert_array_equal(crop[3:-3, 3:-3], box[3:-3, 3:-3])
    part = size.resize(_ramp(60, 120), (20, 20), box=(10.5, 30.5, 30.5, 50.5))
    np.testing.assert_allclose(part[10, 3:17, 0], 31 + np.arange(3, 17), atol=1)
    np.testing.assert_allclose(part[3:17, 10, 1], 11 + np.arange(3, 17), atol=1)


@pytest.mark.parametrize("box", [(-1, 0, 5, 5), (0, 0, 5, 31)])
def test_resize_refuses_a_box_outside(box):
    with pytest.raises(ValueError):
        size.resize(_ramp(20, 30), (4, 4), box=box)


@pytest.mark.parametrize("new", [(0, 4), (4, -1)])
def test_resize_refuses_no_size(new):
    with pytest.raises(ValueError, match="positive"):
        size.resize(_ramp(20, 30), new)


@pytest.mark.parametrize(
    "shape,pixels,expected",
    [
        ((40, 60), 20, (20, 30)),
        ((60, 40), 20, (30, 20)),
        ((40, 60), 80, (80, 120)),
        ((33, 100), 16, (16, 48)),
        ((50, 50), 50, (50, 50)),
    ],
)
def test_fit_short_side(shape, pixels, expected):
    assert size.fit_short_side(_ramp(*shape), pixels).shape[:2] == expected


def test_center_crop():
    crop = size.center_crop(_ramp(21, 30), (10, 6))
    assert crop.shape == (10, 6, 3)
    assert crop[0, 0].tolist() == [12, 5, 0]
    np.testing.assert_array_equal(
        size.center_crop(_ramp(21, 30), 10), _ramp(21, 30)[5:15, 10:20]
    )


@pytest.mark.parametrize("crop", [22, (21, 31), (0, 4)])
def test_center_crop_refuses_more_than_there_is(crop):
    with pytest.raises(ValueError, match="cannot cut"):
        size.center_crop(_ramp(21, 30), crop)


def test_fit_long_side_keeps_at_least_a_pixel():
    assert size.fit_long_side(_ramp(20, 30), 60).shape == (40, 60, 3)
    assert size.fit_long_side(_ramp(30, 20), 15).shape == (15, 10, 3)
    assert size.fit_long_side(_ramp(100, 1), 10).shape == (10, 1, 3)


def test_fit_area_keeps_the_shape():
    assert size.fit_area(_ramp(20, 40), 200).shape == (10, 20, 3)
    assert size.fit_area(_ramp(20, 40)[..., 0], 3200).shape == (40, 80)
    assert size.fit_area(_ramp(100, 1), 4).shape == (20, 1, 3)


@pytest.mark.parametrize("fit", [size.fit_long_side, size.fit_area])
def test_no_pixels_are_refused(fit):
    with pytest.raises(ValueError, match="must be positive"):
        fit(_ramp(20, 30), 0)
