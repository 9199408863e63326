import os

import numpy as np
import pytest
from PIL import Image, ImageCms

from fast_depth_style.errors import RequestError
from fast_depth_style.images import files


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".webp", ".JPG"])
def test_written_pictures_are_read_back(tmp_path, ramp, suffix):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    alpha = np.full((24, 40), 255, np.uint8)
    alpha[:12] = 0
    path = tmp_path / f"out{suffix}"
    files.write_picture(path, files.Picture(ramp, alpha, profile))
    back = files.read_picture(path)
    assert back.icc_profile == profile
    error = np.abs(back.rgb.astype(int) - ramp)[12:]
    assert error.mean() < 3
    if suffix in (".png", ".tif", ".tiff"):
        assert error.max() == 0
    if suffix == ".JPG":
        assert back.alpha is None and back.rgb[:8].min() > 250
    else:
        np.testing.assert_array_equal(back.alpha, alpha)
    assert os.listdir(tmp_path) == [path.name]


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path, ramp):
    path = tmp_path / "out.png"
    files.write_picture(str(path), files.Picture(ramp))
    before = path.read_bytes()
    broken = files.Picture(ramp, icc_profile="not bytes")
    with pytest.raises(TypeError):
        files.write_picture(path, broken)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["out.png"]


@pytest.mark.parametrize("name", ["out.xyz", "out", "out.gif", "no/out.png"])
def test_what_cannot_be_written_is_a_wrong_request(tmp_path, ramp, name):
    with pytest.raises(RequestError, match="out"):
        files.write_picture(tmp_path / name, files.Picture(ramp))
    assert os.listdir(tmp_path) == []


def test_too_large_for_the_format_is_a_wrong_request(tmp_path):
    wide = files.Picture(np.zeros((1, 16_384, 3), np.uint8))
    with pytest.raises(RequestError, match="16383"):
        files.write_picture(tmp_path / "out.webp", wide)
    files.write_picture(tmp_path / "out.jpg", wide)
    assert files.read_rgb(tmp_path / "out.jpg").shape == (1, 16_384, 3)


@pytest.mark.parametrize("target", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
def test_date_place_and_resolution_are_kept(
    tmp_path, ramp, encoded, source, target
):
    exif = Image.Exif()
    exif[0x0112], exif[0x0110] = 6, "A camera"
    exif[0x011A], exif[0x011B], exif[0x0128] = 300.0, 300.0, 2
    exif.get_ifd(0x8769).update({0x9003: "2020:02:20 20:20:20", 0xA002: 24})
    exif.get_ifd(0x8825).update({1: "N", 2: (46.0, 57.0, 0.0)})
    picture = files.read_picture(encoded(ramp, source, exif=exif.tobytes()))
    files.write_picture(tmp_path / f"a.{target}", picture)
    with Image.open(tmp_path / f"a.{target}") as image:
        kept = image.getexif()
        assert 0x0112 not in kept and kept[0x0110] == "A camera"
        assert (kept[0x011A], kept[0x0128]) == (300, 2)
        assert kept.get_ifd(0x8769) == {0x9003: "2020:02:20 20:20:20"}
        assert kept.get_ifd(0x8825) == {1: "N", 2: (46.0, 57.0, 0.0)}
        if target != "webp":
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_a_resolution_without_exif_is_kept(tmp_path, ramp, encoded):
    data = encoded(ramp, "JPEG", dpi=(72, 144))
    files.write_picture(tmp_path / "a.tif", files.read_picture(data))
    with Image.open(tmp_path / "a.tif") as image:
        assert image.info["dpi"] == (72, 144)
        assert image.info["compression"] == "tiff_adobe_deflate"
