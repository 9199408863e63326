"""The stream of crops, from memory and from folders."""

import collections
import io
import shutil
import subprocess
import sys
from concurrent import futures

import numpy as np
import pytest

from fast_depth_style.content import source as photo_source
from fast_depth_style.content.folder import FolderContent, open_content
from fast_depth_style.errors import RequestError


class _Memory(photo_source.PhotoSource):
    """Photos from a list of encoded files."""

    def __init__(self, encoded):
        self._photos = encoded
        self.reads = collections.Counter()
        super().__init__()

    def __len__(self):
        return len(self._photos)

    def _encoded(self, photo):
        self.reads[photo] += 1
        return f"photo {photo}", self._photos[photo]


def _encode(image, format="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, format)
    return buffer.getvalue()


@pytest.fixture
def photos(make_photo):
    return [_encode(make_photo(i, 120, 160)) for i in range(12)]


@pytest.fixture
def memory(photos):
    return _Memory(photos)


def test_an_epoch_shows_every_photo_once(memory, numbers_of):
    epochs = [numbers_of(memory, 12 * epoch, 12) for epoch in range(3)]
    for epoch in epochs:
        assert sorted(epoch) == list(range(12))
    assert len({tuple(epoch) for epoch in [*epochs, range(12)]}) == 4


def test_the_order_is_pinned(memory, numbers_of):
    # A run must go on in the same order with any later version of NumPy or
    # of this library: these numbers may not change.
    order = [9, 2, 4, 7, 5, 0, 11, 8, 10, 6, 3, 1]
    assert numbers_of(memory, 0, 12, seed=1) == order


def test_a_crop_depends_on_seed_and_position_only(memory, photos):
    again = _Memory(photos)
    positions = [40, 3, 3, 0, 29, 17]
    backwards = {i: again.crop(i, 48, 9) for i in reversed(positions)}
    with futures.ThreadPoolExecutor(4) as pool:
        threaded = pool.map(lambda i: memory.crop(i, 48, 9), positions * 5)
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
        # From level to pixel; the ramps are 160 and 120 pixels long.
        red, green = crop[..., 0].mean(0) * 159, crop[..., 1].mean(1) * 119
        red, green = red / 255, green / 255
        if red[0] > red[-1]:
            mirrored += 1
            red = red[::-1]
        side = (green[-4] - green[4]) * 64 / 56
        width = (red[-4] - red[4]) * 64 / 56
        np.testing.assert_allclose(width, side, atol=2.5)
        sides.append(side)
        tops.append(green.mean() - side / 2)
        lefts.append(red.mean() - side / 2)
    assert 120 / photo_source.MAX_ZOOM - 2.5 < min(sides)
    assert max(sides) < 122.5
    assert max(sides) - min(sides) > 10
    assert -1.5 < min(lefts) < 3 and 45 < max(lefts) < 160 - 104 + 1.5
    assert -1.5 < min(tops) and 5 < max(tops) < 120 - 104 + 1.5
    assert 90 < mirrored < 150


def test_photos_and_crops_of_any_size(make_photo):
    small = _Memory([_encode(make_photo(3, 40, 50))])
    crop = small.crop(0, 128, 0)
    assert crop.shape == (128, 128, 3) and crop.dtype == np.uint8
    assert crop.flags.c_contiguous and round(crop[..., 2].mean()) == 30
    # A JPEG is not decoded so small that it would be taken for unusable.
    large = _Memory([_encode(make_photo(3, 400, 300), "JPEG")])
    assert large.crop(0, 16, 0).shape == (16, 16, 3)
    assert not large.skipped


def test_unusable_photos_are_replaced_by_the_next_of_the_order(
    photos, make_photo, numbers_of
):
    bad = list(photos)
    bad[4], bad[7], bad[8] = b"no photo", photos[7][:200], b""
    bad[2] = _encode(make_photo(2, photo_source.MIN_SHORT_SIDE - 1, 90))
    whole, holed = _Memory(photos), _Memory(bad)
    for start in range(0, 48, 12):
        order = numbers_of(whole, start, 12)
        seen = numbers_of(holed, start, 12)
        for place, number in enumerate(seen):
            after = order[place:] + order[:place]
            assert number == next(n for n in after if n not in (2, 4, 7, 8))
    assert set(holed.skipped) == {f"photo {i}" for i in (2, 4, 7, 8)}
    assert holed.skipped["photo 4"] == "not a picture"
    assert holed.skipped["photo 8"] == "the file is empty"
    assert "90x31 is too small" in holed.skipped["photo 2"]
    assert all(holed.reads[i] == 1 for i in (2, 4, 7, 8))
    # What was found out before does not change what comes.
    fresh = _Memory(bad)
    np.testing.assert_array_equal(fresh.crop(40, 32, 3), holed.crop(40, 32, 3))


def test_a_folder_and_its_subfolders(photo_folder, numbers_of):
    (photo_folder / "deep").mkdir()
    shutil.move(photo_folder / "03.png", photo_folder / "deep" / "03.png")
    (photo_folder / "notes.txt").write_text("not counted")
    source = FolderContent(str(photo_folder))
    assert len(source) == 11
    assert sorted(numbers_of(source, 0, 11)) == list(range(11))
    assert source.skipped == {}


def test_pictures_of_the_run_are_no_photos(photo_folder, make_photo):
    run = photo_folder / "run"
    run.mkdir()
    make_photo(5, 200, 300).save(run / "strip.png")

    assert len(open_content(str(photo_folder), run)) == 11
    assert len(open_content(str(photo_folder))) == 12


def test_files_that_cannot_be_used_are_named(photo_folder):
    (photo_folder / "text.png").write_text("hello")
    (photo_folder / "clip.mov").touch()
    source = FolderContent(photo_folder)
    assert len(source) == 12
    for index in range(12):
        assert source.crop(index, 48, 4).std() > 20
    text, clip = (str(photo_folder / n) for n in ("text.png", "clip.mov"))
    assert {*source.skipped} == {text, clip}
    assert source.skipped[text] == "not a picture"
    assert source.skipped[clip].startswith("a video")


@pytest.mark.parametrize(
    "name,reason",
    [
        ("none", "no such folder"),
        ("00.png", "not a folder"),
        ("texts", "no pictures"),
        ("damaged", "none of the 1 photos can be used"),
    ],
)
def test_wrong_folders_are_wrong_requests(photo_folder, name, reason):
    for folder, file in (("texts", "a.txt"), ("damaged", "a.jpg")):
        (photo_folder / folder).mkdir()
        (photo_folder / folder / file).write_text("a")
    with pytest.raises(RequestError, match=reason) as failure:
        open_content(str(photo_folder / name))
    assert str(photo_folder / name) in str(failure.value)
    assert "\n" not in str(failure.value)


def test_real_photos(assets):
    source = FolderContent(assets / "photos" / "diverse")
    assert len(source) == 900
    for index in range(0, 900, 18):
        crop = source.crop(index, 128, 0)
        assert crop.shape == (128, 128, 3) and crop.std() > 1
    assert source.skipped == {}


@pytest.mark.parametrize(
    "spec", ["", " ", "tfds:", "tfds:mnist", "tfds:coco/2015", "coco/2017"]
)
def test_unknown_content_is_a_wrong_request(spec):
    with pytest.raises(RequestError) as failure:
        open_content(spec)
    assert "\n" not in str(failure.value)
    if spec.startswith("tfds:"):
        assert "tfds:coco/2017" in str(failure.value)


def test_folders_and_batches_need_no_tensorflow(photo_folder):
    program = (
        "import sys\n"
        "from fast_depth_style.content.batches import batches\n"
        "from fast_depth_style.content.folder import open_content\n"
        f"source = open_content({str(photo_folder)!r})\n"
        "assert next(batches(source, 32, 2, 0)).shape == (2, 32, 32, 3)\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
