import numpy as np
import pytest
from PIL import Image

from fast_depth_style.images import enlarging
from fast_depth_style.images.enlarging import enlarge
from fast_depth_style.images.size import resize


def _photo(height=400, width=600):
    """Grey discs with sharp edges."""
    y, x = np.mgrid[:height, :width]
    photo = np.full((height, width, 3), 60, np.uint8)
    for number, level in enumerate((200, 20, 140, 240, 90)):
        middle = 60 + 70 * number, 80 + 110 * number
        inside = (y - middle[0]) ** 2 + (x - middle[1]) ** 2 < 50**2
        photo[inside] = level
    return photo


def _painted(photo):
    """Colours that follow the photo's grey levels."""
    slopes, starts = np.array([0.8, -0.5, 0.3]), np.array([20, 220, 90])
    return np.rint(photo * slopes + starts).astype(np.uint8)


def _bicubic(painting, photo):
    image = Image.fromarray(painting)
    return np.asarray(image.resize(photo.shape[1::-1], 3)).astype(float)


def _error(picture, expected):
    return np.abs(picture.astype(float) - expected).mean()


def test_a_painting_that_follows_the_photo_has_its_edges():
    photo = _photo()
    expected = _painted(photo)
    small = _painted(resize(photo, (80, 120)))

    found = enlarge(small, photo)

    plain = _error(_bicubic(small, photo), expected)
    assert _error(found, expected) < plain / 3
    # No halo: nowhere is it lighter or darker than the painting is.
    low, high = expected.min((0, 1)), expected.max((0, 1))
    assert (found >= low - 4.0).all() and (found <= high + 4.0).all()


def test_strokes_that_the_photo_knows_nothing_of_stay_as_they_are():
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (80, 120, 3), np.uint8)
    flat = np.full((400, 600, 3), 120, np.uint8)
    noisy = flat + random.integers(0, 9, flat.shape, np.uint8)

    for photo, allowed in ((flat, 0.6), (noisy, 2.0)):
        error = _error(enlarge(small, photo), _bicubic(small, photo).round())
        assert error < allowed
    # And over edges, too, the painting is seen in small as it was.
    again = resize(enlarge(small, _photo()), (80, 120))
    reference = resize(_bicubic(small, flat).astype(np.uint8), (80, 120))
    assert _error(again, reference) < 4


@pytest.mark.parametrize("size", [(397, 611), (1, 900), (900, 1), (37, 50)])
def test_bands_leave_no_seam(monkeypatch, size):
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (*size, 3), np.uint8)
    small = resize(photo, tuple(-(-side // 3) for side in size)) // 2
    whole = enlarge(small, photo)
    monkeypatch.setattr(enlarging, "_BAND", 5000)

    found = enlarge(small, photo)

    assert found.shape == photo.shape
    assert np.abs(found.astype(int) - whole).max() <= 1
