"""The stream of crops, on a source whose photos live in memory."""

import collections
import io
from concurrent import futures

import numpy as np
import pytest

from fast_depth_style.content import photo_source
from fast_depth_style.requests import RequestError


class _Memory(photo_source.PhotoSource):
    """Photos from a list of encoded files."""

    def __init__(self, encoded):
        super().__init__()
        self._photos = encoded
        self.reads = collections.Counter()

    def __len__(self):
        return len(self._photos)

    def _encoded(self, photo):
        self.reads[photo] += 1
        return f"photo {photo}", self._photos[photo]


def _png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def memory(make_photo):
    return _Memory([_png(make_photo(i, 120, 160)) for i in range(12)])


def _number(crop):
    """The number of the photo that a crop comes from."""
    return round(crop[..., 2].mean() / 10)


def test_an_epoch_shows_every_photo_once(memory):
    epochs = [
        [_number(memory.crop(12 * epoch + i, 32, 5)) for i in range(12)]
        for epoch in range(3)
    ]
    for epoch in epochs:
        assert sorted(epoch) == list(range(12))
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert list(range(12)) not in epochs


def test_the_order_is_pinned(memory):
    # A run must go on in the same order with any later version of NumPy or
    # of this library: these numbers may not change.
    order = [_number(memory.crop(index, 32, 1)) for index in range(12)]
    assert order == [9, 2, 4, 7, 5, 0, 11, 8, 10, 6, 3, 1]


def test_a_crop_depends_on_seed_and_position_only(memory, make_photo):
    again = _Memory([_png(make_photo(i, 120, 160)) for i in range(12)])
    positions = [40, 3, 3, 0, 29, 17]
    backwards = {i: again.crop(i, 48, 9) for i in reversed(positions)}
    with futures.ThreadPoolExecutor(4) as pool:
        threaded = list(
            pool.map(lambda i: memory.crop(i, 48, 9), positions * 5)
        )
    for i, crop in zip(positions * 5, threaded, strict=True):
        np.testing.assert_array_equal(crop, backwards[i])
    assert any(
        (memory.crop(i, 48, 10) != backwards[i]).any() for i in positions
    )


def test_crops_cover_most_of_the_photo_anywhere_and_both_ways(memory):
    """Where a crop lies can be read from its red and green ramps."""
    sides, tops, lefts, mirrored = [], [], [], 0
    for index in range(240):
        crop = memory.crop(index, 64, 2).astype(float)
        assert crop.shape == (64, 64, 3)
        red, green = crop[..., 0].mean(0), crop[..., 1].mean(1)
        if red[0] > red[-1]:
            mirrored += 1
            red = red[::-1]
        # From level to pixel; the ramps are 160 and 120 pixels long.
        pixels = green * 119 / 255
        side = (pixels[-4] - pixels[4]) * 64 / 56
        np.testing.assert_allclose(
            (red[-4] - red[4]) * 159 / 255 * 64 / 56, side, atol=2.5
        )
        sides.append(side)
        tops.append(pixels[:].mean() - side / 2)
        lefts.append((red * 159 / 255).mean() - side / 2)
    assert 120 / photo_source.MAX_ZOOM - 2.5 < min(sides)
    assert max(sides) < 122.5
    assert max(sides) - min(sides) > 10
    assert -1.5 < min(lefts) < 3 and 45 < max(lefts) < 160 - 104 + 1.5
    assert -1.5 < min(tops) and 5 < max(tops) < 120 - 104 + 1.5
    assert 90 < mirrored < 150


def test_small_photos_are_scaled_up(make_photo):
    source = _Memory([_png(make_photo(3, 40, 50))])
    crop = source.crop(0, 128, 0)
    assert crop.shape == (128, 128, 3) and _number(crop) == 3
    assert crop.dtype == np.uint8 and crop.flags.c_contiguous


def test_small_crops_do_not_make_photos_too_small(make_photo):
    buffer = io.BytesIO()
    make_photo(3, 400, 300).save(buffer, "JPEG")
    source = _Memory([buffer.getvalue()])
    assert source.crop(0, 16, 0).shape == (16, 16, 3)
    assert not source.skipped


def test_unusable_photos_are_replaced_by_the_next_of_the_order(make_photo):
    good = [_png(make_photo(i, 120, 160)) for i in range(12)]
    bad = list(good)
    bad[4], bad[7], bad[8] = b"no photo", good[7][:200], b""
    bad[2] = _png(make_photo(2, photo_source.MIN_SHORT_SIDE - 1, 90))
    whole, holed = _Memory(good), _Memory(bad)
    for epoch in range(4):
        order = [_number(whole.crop(12 * epoch + i, 32, 3)) for i in range(12)]
        seen = [_number(holed.crop(12 * epoch + i, 32, 3)) for i in range(12)]
        for place, number in enumerate(seen):
            expected = next(
                candidate
                for candidate in order[place:] + order[:place]
                if candidate not in (2, 4, 7, 8)
            )
            assert number == expected
    assert set(holed.skipped) == {f"photo {i}" for i in (2, 4, 7, 8)}
    assert holed.skipped["photo 4"] == "not a picture"
    assert holed.skipped["photo 8"] == "the file is empty"
    assert "90x31 is too small" in holed.skipped["photo 2"]
    assert all(holed.reads[i] == 1 for i in (2, 4, 7, 8))
    # What was found out before does not change what comes.
    fresh = _Memory(bad)
    np.testing.assert_array_equal(fresh.crop(40, 32, 3), holed.crop(40, 32, 3))


def test_only_unusable_photos_are_a_wrong_request():
    source = _Memory([b"one", b"two"])
    with pytest.raises(RequestError, match="none of the 2 photos") as failure:
        source.crop(0, 32, 0)
    assert "not a picture" in str(failure.value)
    assert "\n" not in str(failure.value)
