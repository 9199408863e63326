import numpy as np
import pytest

from fast_depth_style.distillation.varied_pictures import (
    VariedPictures,
    shrink,
)


@pytest.fixture
def pictures():
    draw = np.random.default_rng(0)
    photos = [draw.integers(0, 256, (70, 50, 3), np.uint8) for _ in range(3)]
    return VariedPictures(photos[:2], photos[2:], 32)


def test_every_kind_has_its_size_and_stays_about_the_range(pictures):
    rng = np.random.default_rng(1)
    lowest, highest, unchanged = 0.0, 0.0, 0
    for _ in range(150):
        one = pictures.varied(rng)
        other = pictures.disturbed(one, rng)
        for made in (one, other):
            assert made.shape == (32, 32, 3) and made.dtype == np.float32
            lowest, highest = (
                min(lowest, made.min()),
                max(highest, made.max()),
            )
        unchanged += np.array_equal(one, other)
    assert unchanged == 0
    # What a network puts out early leaves the range of bytes; so do these.
    assert -60 <= lowest < 0 and 255 < highest <= 315


def test_the_same_seed_draws_the_same_pictures(pictures):
    first, second = (
        [pictures.varied(rng) for _ in range(10)]
        for rng in (np.random.default_rng(3), np.random.default_rng(3))
    )
    np.testing.assert_array_equal(first, second)


def test_a_crop_of_a_painting_shows_the_painting():
    painting = np.full((64, 96, 3), (200, 100, 50), np.uint8)
    photo = np.zeros((64, 64, 3), np.uint8)
    pictures = VariedPictures([photo], [painting], 32)
    crop = pictures.painting(np.random.default_rng(0))
    np.testing.assert_allclose(
        crop, np.broadcast_to((200, 100, 50), crop.shape), atol=1
    )


def test_shrink_only_shrinks():
    assert shrink(np.zeros((40, 90, 3), np.uint8), 20).shape == (20, 45, 3)
    assert shrink(np.zeros((40, 90, 3), np.uint8), 64).shape == (40, 90, 3)
