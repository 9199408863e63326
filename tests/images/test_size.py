import numpy as np
import pytest

from fast_depth_style.images import size


def _ramp(height, width):
    """Red grows to the right, green downwards, 1 level a pixel."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x, y, 0 * x], -1).astype(np.uint8)


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
    across, down = np.arange(5, 55), np.arange(5, 25)
    np.testing.assert_allclose(small[15, across, 0], 2 * across + 0.5, atol=0.6)
    np.testing.assert_allclose(small[down, 30, 1], 2 * down + 0.5, atol=0.6)


def test_resize_of_a_box_equals_crop_and_resize_inside():
    photo = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    crop = size.resize(photo[10:42, 20:68], (16, 24))
    box = size.resize(photo, (16, 24), box=(10, 20, 42, 68))
    # At the rim of the box the filter sees the picture around it.
    np.testing.assert_array_equal(crop[3:-3, 3:-3], box[3:-3, 3:-3])
    part = size.resize(_ramp(60, 120), (20, 20), box=(10.5, 30.5, 30.5, 50.5))
    inside = np.arange(3, 17)
    np.testing.assert_allclose(part[10, inside, 0], 31 + inside, atol=1)
    np.testing.assert_allclose(part[inside, 10, 1], 11 + inside, atol=1)


@pytest.mark.parametrize(
    "call,message",
    [
        (lambda a: size.resize(a, (4, 4), box=(-1, 0, 5, 5)), "negative|box"),
        (lambda a: size.resize(a, (4, 4), box=(0, 0, 5, 31)), "exceed|box"),
        (lambda a: size.resize(a, (0, 4)), "positive"),
        (lambda a: size.fit_long_side(a, 0), "positive"),
        (lambda a: size.fit_area(a, -1), "positive"),
        (lambda a: size.center_crop(a, 21), "cannot cut"),
        (lambda a: size.center_crop(a, (20, 31)), "cannot cut"),
        (lambda a: size.center_crop(a, (0, 4)), "cannot cut"),
    ],
)
def test_sizes_that_cannot_be_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(_ramp(20, 30))


@pytest.mark.parametrize(
    "resize,shape,given,expected",
    [
        (size.resize, (20, 30), (40, 90), (40, 90)),
        (size.fit_short_side, (40, 60), 20, (20, 30)),
        (size.fit_short_side, (60, 40), 20, (30, 20)),
        (size.fit_short_side, (40, 60), 80, (80, 120)),
        (size.fit_short_side, (33, 100), 16, (16, 48)),
        (size.fit_short_side, (50, 50), 50, (50, 50)),
        (size.fit_long_side, (20, 30), 60, (40, 60)),
        (size.fit_long_side, (30, 20), 15, (15, 10)),
        (size.fit_long_side, (100, 1), 10, (10, 1)),
        (size.fit_area, (20, 40), 200, (10, 20)),
        (size.fit_area, (20, 40), 3200, (40, 80)),
        (size.fit_area, (100, 1), 4, (20, 1)),
    ],
)
def test_new_sizes(resize, shape, given, expected):
    picture = _ramp(*shape)
    assert resize(picture, given).shape == (*expected, 3)
    assert resize(picture[..., 0], given).shape == expected


def test_center_crop():
    crop = size.center_crop(_ramp(21, 30), (10, 6))
    assert crop.shape == (10, 6, 3)
    assert crop[0, 0].tolist() == [12, 5, 0]
    np.testing.assert_array_equal(
        size.center_crop(_ramp(21, 30), 10), _ramp(21, 30)[5:15, 10:20]
    )
