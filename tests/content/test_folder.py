import shutil

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.content.folder import FolderContent
from fast_depth_style.requests import RequestError


def test_a_folder_and_its_subfolders(photo_folder):
    (photo_folder / "deep").mkdir()
    shutil.move(photo_folder / "03.png", photo_folder / "deep" / "03.png")
    (photo_folder / "notes.txt").write_text("not counted")
    source = FolderContent(str(photo_folder))
    assert len(source) == 11
    numbers = [
        round(source.crop(i, 40, 0)[..., 2].mean() / 10) for i in range(11)
    ]
    assert sorted(numbers) == list(range(11))
    assert source.skipped == {}


def test_every_kind_of_file(photo_folder, make_photo):
    """Kinds that photo folders really hold; the damaged ones are named."""
    odd = photo_folder / "odd"
    odd.mkdir()
    photo = make_photo(5, 200, 300)
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(odd / "rotated.jpg", exif=exif)
    photo.convert("L").save(odd / "grey.jpg")
    photo.convert("CMYK").save(odd / "cmyk.jpg")
    photo.convert("P").save(odd / "palette.png")
    photo.convert("1").save(odd / "bits.png")
    deep = np.asarray(photo.convert("L")).astype(np.uint16) * 257
    Image.fromarray(deep).save(odd / "deep.png")
    Image.fromarray(deep).save(odd / "deep.tif")
    photo.convert("RGBA").save(odd / "alpha.webp")
    photo.save(odd / "cut.jpg")
    data = (odd / "cut.jpg").read_bytes()
    (odd / "cut.jpg").write_bytes(data[: len(data) // 2])
    (odd / "text.png").write_text("hello")
    (odd / "gone.jpg").symlink_to(odd / "nowhere.jpg")
    make_photo(5, 20, 300).save(odd / "tiny.png")
    source = FolderContent(photo_folder)
    assert len(source) == 23
    for index in range(2 * len(source)):
        assert source.crop(index, 48, 4).shape == (48, 48, 3)
    reasons = {
        "cut.jpg": "truncated",
        "text.png": "not a picture",
        "gone.jpg": "no such file",
        "tiny.png": "too small",
    }
    assert set(source.skipped) == {str(odd / name) for name in reasons}
    for name, reason in reasons.items():
        assert reason in source.skipped[str(odd / name)]
        assert str(odd) not in source.skipped[str(odd / name)]


def test_deeper_pixels_are_not_clipped(tmp_path):
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)
    Image.fromarray(np.tile(ramp, (64, 1))).save(tmp_path / "deep.png")
    crop = FolderContent(tmp_path).crop(0, 32, 0)
    assert 100 < crop.mean() < 155 and crop.std() > 50


def test_wrong_folders_are_wrong_requests(tmp_path, photo_folder):
    empty = tmp_path / "empty"
    empty.mkdir()
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("a")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "a.jpg").write_text("a")
    for folder, reason in [
        (tmp_path / "none", "no such folder"),
        (photo_folder / "00.png", "not a folder"),
        (empty, "no pictures"),
        (texts, "no pictures"),
        (damaged, "none of the 1 photos can be used"),
    ]:
        with pytest.raises(RequestError, match=reason) as failure:
            FolderContent(folder)
        assert str(folder) in str(failure.value)
        assert "\n" not in str(failure.value)


def test_real_photos(assets):
    source = FolderContent(assets / "photos" / "diverse")
    assert len(source) == 900
    for index in range(0, 900, 18):
        crop = source.crop(index, 128, 0)
        assert crop.shape == (128, 128, 3) and crop.std() > 1
    assert source.skipped == {}
