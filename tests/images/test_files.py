"""Every kind of picture file, made here, against what must come out."""

import io
import os
import random
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from fast_depth_style.images import files
from fast_depth_style.requests import RequestError


def _ramp(height=24, width=40):
    """A smooth picture with a different ramp in each channel."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack(
        [x * 255 // (width - 1), y * 255 // (height - 1), 128 + 0 * x], -1
    ).astype(np.uint8)


def _encoded(image, format="PNG", **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


def _mean_error(one, other):
    assert one.shape == other.shape
    return np.abs(one.astype(int) - other.astype(int)).mean()


@pytest.mark.parametrize(
    "format,error", [("PNG", 0), ("TIFF", 0), ("BMP", 0), ("JPEG", 2)]
)
def test_bytes_path_and_string_read_the_same(tmp_path, format, error):
    data = _encoded(_ramp(), format)
    path = tmp_path / "picture"  # The content decides, not the name.
    path.write_bytes(data)
    read = files.read_rgb(path)
    assert read.dtype == np.uint8
    assert _mean_error(read, _ramp()) <= error
    np.testing.assert_array_equal(read, files.read_rgb(data))
    np.testing.assert_array_equal(read, files.read_rgb(str(path)))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(format, orientation):
    upright = np.zeros((32, 64, 3), np.uint8)
    upright[:16, :32] = 255  # White is top left, and nowhere else.
    stored = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),  # To be turned clockwise to be seen.
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }[orientation](upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _encoded(np.ascontiguousarray(stored), format, exif=exif)
    for read in (files.read_rgb(data), files.read_picture(data).rgb):
        assert _mean_error(read, upright) < 3


def test_exif_orientation_turns_alpha_too():
    rgba = np.full((8, 16, 4), 255, np.uint8)
    rgba[:, :4, 3] = 0
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = files.read_picture(_encoded(rgba, exif=exif))
    assert picture.rgb.shape == (16, 8, 3)
    assert not picture.alpha[:4].any() and picture.alpha[4:].all()


def test_damaged_exif_is_upright():
    data = _encoded(_ramp(), "JPEG", exif=b"Exif\0\0not a TIFF header at all")
    assert files.read_rgb(data).shape == (24, 40, 3)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_becomes_three_equal_channels(mode):
    image = Image.fromarray(_ramp()).convert(mode)
    read = files.read_rgb(_encoded(image))
    np.testing.assert_array_equal(read[..., 0], image.convert("L"))
    np.testing.assert_array_equal(read, read[..., :1].repeat(3, -1))


def test_adobe_inverted_cmyk_is_not_negative():
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    data = _encoded(cmyk, "JPEG", quality=100)
    assert b"Adobe" in data
    assert (
        _mean_error(
            files.read_rgb(data), np.full((16, 16, 3), (255, 0, 0), np.uint8)
        )
        < 2
    )


def test_cmyk_goes_through_its_profile(cmyk_profile, srgb_of_lab):
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    data = _encoded(cyan, "TIFF", icc_profile=cmyk_profile)
    picture = files.read_picture(data)
    assert picture.icc_profile is None
    np.testing.assert_allclose(
        picture.rgb[0, 0], srgb_of_lab(80, 0, 60), atol=3
    )
    plain = files.read_picture(_encoded(cyan, "TIFF"))
    np.testing.assert_array_equal(plain.rgb[0, 0], (0, 255, 255))


def test_cmyk_with_a_damaged_profile_is_read_without_it():
    paper = Image.new("CMYK", (8, 8), (0, 0, 0, 0))
    data = _encoded(paper, "TIFF", icc_profile=b"no profile" * 20)
    picture = files.read_picture(data)
    assert picture.icc_profile is None
    np.testing.assert_array_equal(picture.rgb, 255)


def test_grey_goes_through_its_profile(grey_profile):
    grey = Image.new("L", (8, 8), 128)
    picture = files.read_picture(_encoded(grey, icc_profile=grey_profile))
    assert picture.icc_profile is None
    # Half of the light is 188 in the sRGB curve.
    np.testing.assert_allclose(picture.rgb, 188, atol=2)


def test_palette_with_transparency():
    image = Image.new("P", (16, 8), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.paste(0, (0, 0, 4, 8))
    data = _encoded(image, transparency=0)
    picture = files.read_picture(data)
    np.testing.assert_array_equal(picture.rgb[:, 4:], [[(0, 255, 0)] * 12] * 8)
    assert (
        not picture.alpha[:, :4].any() and (picture.alpha[:, 4:] == 255).all()
    )
    np.testing.assert_array_equal(files.read_rgb(data)[:, :4], 255)


def test_opaque_pictures_have_no_alpha():
    assert files.read_picture(_encoded(_ramp())).alpha is None


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_is_given_and_laid_on_white(mode):
    image = Image.fromarray(_ramp()).convert(mode)
    alpha = np.tile(np.linspace(0, 255, 40).astype(np.uint8), (24, 1))
    image.putalpha(Image.fromarray(alpha))
    picture = files.read_picture(_encoded(image))
    np.testing.assert_array_equal(picture.alpha, alpha)
    np.testing.assert_array_equal(picture.rgb, image.convert("RGB"))
    share = alpha[..., None] / 255.0
    np.testing.assert_allclose(
        files.read_rgb(_encoded(image)),
        picture.rgb * share + 255 * (1 - share),
        atol=0.51,
    )


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_is_scaled(png16, channels):
    levels = np.linspace(0, 65535, 256).round().astype(np.uint16)
    values = np.zeros((4, 256, channels), np.uint16)
    values += levels[None, :, None]
    if channels in (2, 4):
        values[..., -1] = 65535
    picture = files.read_picture(png16(values))
    expected = np.arange(256)[None, :, None]
    assert np.abs(picture.rgb.astype(int) - expected).max() <= 1
    assert (picture.alpha is not None) == (channels in (2, 4))


def test_16_bit_grey_png_with_a_transparent_level(png16):
    values = np.full((4, 8, 1), 40000, np.uint16)
    values[:, :3] = 1234
    picture = files.read_picture(png16(values, transparent=1234))
    np.testing.assert_array_equal(picture.rgb[:, 3:], round(40000 / 257))
    np.testing.assert_array_equal(picture.alpha[0], [0] * 3 + [255] * 5)


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bit_tiff_is_scaled(tiff16, channels):
    levels = np.linspace(0, 65535, 256).round().astype(np.uint16)
    values = np.tile(levels[None, :, None], (4, 1, channels))
    read = files.read_rgb(tiff16(values)).astype(int)
    assert np.abs(read - np.arange(256)[None, :, None]).max() <= 1


def test_32_bit_pixels_are_refused_with_the_reason():
    image = Image.fromarray(np.linspace(0, 1, 64, dtype="f4").reshape(8, 8))
    with pytest.raises(files.UnreadablePicture, match="8 or 16 bits"):
        files.read_rgb(_encoded(image, "TIFF"))


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_its_first_frame(format):
    frames = [Image.new("RGB", (16, 16), c) for c in ("red", "blue")]
    data = _encoded(
        frames[0],
        format,
        save_all=True,
        append_images=frames[1:],
        **({"lossless": True} if format == "WEBP" else {}),
    )
    red = np.full((16, 16, 3), (255, 0, 0), np.uint8)
    assert _mean_error(files.read_rgb(data), red) < 2


@pytest.mark.parametrize("reader", [files.read_rgb, files.read_picture])
def test_unreadable_files_name_path_and_reason_in_one_line(tmp_path, reader):
    jpeg = _encoded(_ramp(200, 300), "JPEG")
    png = _encoded(
        np.random.default_rng(0).integers(0, 256, (99, 99, 3), np.uint8)
    )
    bad = {
        "empty.jpg": b"",
        "text.jpg": b"Dear photographer,\nthis is no picture.\n",
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut.png": png[: len(png) // 2],
        "head.jpg": jpeg[:20],
    }
    for name, data in bad.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(files.UnreadablePicture) as failure:
            reader(path)
        message = str(failure.value)
        assert message.startswith(f"{path}: ") and "\n" not in message
        assert "0x" not in message and len(message) > len(f"{path}: ") + 4
        with pytest.raises(files.UnreadablePicture):
            reader(data)


@pytest.mark.parametrize("reader", [files.read_rgb, files.read_picture])
def test_missing_file_and_folder_are_wrong_requests(tmp_path, reader):
    (tmp_path / "file").write_text("")
    for path in (
        tmp_path / "none.jpg",
        tmp_path,
        tmp_path / "file" / "x.jpg",
    ):
        with pytest.raises(RequestError, match=str(path)):
            reader(path)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "format", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"]
)
def test_damaged_bytes_never_raise_anything_else(format):
    """300 files of each format, cut or with random bytes overwritten."""
    data = _encoded(_ramp(), format)
    dice = random.Random(7)
    outcomes = set()
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(dice.randint(1, 8)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        if dice.random() < 0.3:
            del damaged[dice.randrange(len(damaged)) :]
        try:
            files.read_picture(bytes(damaged))
            outcomes.add("read")
        except files.UnreadablePicture as error:
            assert "\n" not in str(error)
            outcomes.add("refused")
    assert "refused" in outcomes


@pytest.mark.filterwarnings("ignore::Warning")
def test_decompression_bombs_are_refused_before_they_are_decoded():
    data = bytearray(_encoded(Image.new("1", (8, 8))))
    side = 1 + int(files.MAX_PIXELS**0.5)
    data[16:24] = struct.pack(">II", side, side)  # Width and height,
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))  # checksum.
    with pytest.raises(files.UnreadablePicture, match="400 megapixels"):
        files.read_rgb(bytes(data))


@pytest.mark.filterwarnings("error")
def test_large_pictures_below_the_limit_are_read_without_a_warning():
    # 96 megapixels: Pillow's own default would warn from 89 on.
    data = _encoded(Image.new("L", (10_000, 9_600), 77), "JPEG")
    assert files.read_rgb(data, 1200).shape == (1200, 1250, 3)


@pytest.mark.parametrize("pixels", [40, 100, 150, 299, 300, 1000])
def test_min_short_side_is_kept(pixels):
    photo = _ramp(600, 900)
    read = files.read_rgb(_encoded(photo, "JPEG", quality=95), pixels)
    assert min(read.shape[:2]) >= min(pixels, 600)
    assert abs(read.shape[1] - read.shape[0] * 1.5) <= 1
    if pixels <= 300:
        assert min(read.shape[:2]) <= 300
    small = Image.fromarray(photo).resize(
        read.shape[1::-1], Image.Resampling.BOX
    )
    assert _mean_error(read, np.asarray(small)) < 3


def test_min_short_side_never_changes_other_formats():
    data = _encoded(_ramp(600, 900))
    np.testing.assert_array_equal(files.read_rgb(data, 40), _ramp(600, 900))


@pytest.mark.parametrize(
    "suffix", [".png", ".tif", ".tiff", ".webp", ".jpg", ".jpeg", ".JPG"]
)
def test_written_pictures_are_read_back(tmp_path, suffix):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    alpha = np.full((24, 40), 255, np.uint8)
    alpha[:12] = 0
    path = tmp_path / f"out{suffix}"
    files.write_picture(path, files.Picture(_ramp(), alpha, profile))
    back = files.read_picture(path)
    assert back.icc_profile == profile
    assert _mean_error(back.rgb[12:], _ramp()[12:]) < 3
    if not suffix.lower().startswith(".j"):
        np.testing.assert_array_equal(back.alpha, alpha)
    else:
        assert back.alpha is None
        assert _mean_error(back.rgb[:12], np.full((12, 40, 3), 255)) < 3
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_lossless_formats_are_exact(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    files.write_picture(str(path), files.Picture(_ramp()))
    back = files.read_picture(path)
    np.testing.assert_array_equal(back.rgb, _ramp())
    assert back.alpha is None and back.icc_profile is None


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing(tmp_path):
    path = tmp_path / "out.png"
    files.write_picture(path, files.Picture(_ramp()))
    before = path.read_bytes()
    broken = files.Picture(_ramp(), icc_profile="not bytes")
    with pytest.raises(TypeError):
        files.write_picture(path, broken)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["out.png"]


@pytest.mark.parametrize("name", ["out.xyz", "out", "out.gif", "no/out.png"])
def test_what_cannot_be_written_is_a_wrong_request(tmp_path, name):
    with pytest.raises(RequestError, match="out"):
        files.write_picture(tmp_path / name, files.Picture(_ramp()))
    assert os.listdir(tmp_path) == []


def test_too_large_for_the_format_is_a_wrong_request(tmp_path):
    wide = files.Picture(np.zeros((1, 16_384, 3), np.uint8))
    with pytest.raises(RequestError, match="16383"):
        files.write_picture(tmp_path / "out.webp", wide)
    files.write_picture(tmp_path / "out.jpg", wide)
    assert files.read_rgb(tmp_path / "out.jpg").shape == (1, 16_384, 3)


@pytest.mark.parametrize(
    "rgb,alpha",
    [
        (np.zeros((4, 4, 3), np.float32), None),
        (np.zeros((4, 4), np.uint8), None),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8)),
    ],
)
def test_a_picture_checks_its_arrays(rgb, alpha):
    with pytest.raises(ValueError, match="must be uint8"):
        files.Picture(rgb, alpha)


def test_list_pictures_is_sorted_recursive_and_by_suffix(tmp_path):
    names = ["b.JPG", "a.png", "sub/deep/c.webp", "sub/d.tiff"]
    for name in [*names, "notes.txt", ".hidden.jpg", ".git/e.jpg", "jpg"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert files.list_pictures(str(tmp_path)) == [
        tmp_path / name for name in sorted(names)
    ]


def test_list_pictures_wants_a_folder(tmp_path):
    with pytest.raises(RequestError, match="no such folder"):
        files.list_pictures(tmp_path / "none")
    (tmp_path / "a.jpg").touch()
    with pytest.raises(RequestError, match="not a folder"):
        files.list_pictures(tmp_path / "a.jpg")
