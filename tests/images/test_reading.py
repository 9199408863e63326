"""Every kind of picture file, made here, against what must come out."""

import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.images import files


def _mean_error(one, other):
    assert one.shape == other.shape
    return np.abs(one.astype(int) - other.astype(int)).mean()


@pytest.mark.parametrize("format,error", [("PNG", 0), ("BMP", 0), ("JPEG", 2)])
def test_bytes_path_and_string_read_the_same(
    tmp_path, ramp, encoded, format, error
):
    data = encoded(ramp, format)
    path = tmp_path / "picture"  # The content decides, not the name.
    path.write_bytes(data)
    read = files.read_rgb(path)
    assert read.dtype == np.uint8
    assert _mean_error(read, ramp) <= error
    np.testing.assert_array_equal(read, files.read_rgb(data))
    np.testing.assert_array_equal(read, files.read_rgb(str(path)))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(encoded, format, orientation):
    upright = np.zeros((32, 64, 4), np.uint8)
    upright[:16, :32] = upright[..., 3] = 255  # White is top left only.
    if format != "JPEG":
        upright[:, :32, 3] = 0
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
    channels = 3 if format == "JPEG" else 4
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    stored = np.ascontiguousarray(stored[..., :channels])
    picture = files.read_picture(encoded(stored, format, exif=exif, **options))
    assert _mean_error(picture.rgb, upright[..., :3]) < 3
    if channels == 4:
        np.testing.assert_array_equal(picture.alpha, upright[..., 3])


def test_damaged_exif_is_upright(ramp, encoded):
    data = encoded(ramp, "JPEG", exif=b"Exif\0\0not a TIFF header at all")
    assert files.read_rgb(data).shape == (24, 40, 3)


@pytest.mark.parametrize("mode", ["1", "L"])
def test_grey_becomes_three_equal_channels(ramp, encoded, mode):
    image = Image.fromarray(ramp).convert(mode)
    read = files.read_rgb(encoded(image))
    np.testing.assert_array_equal(read, np.dstack([image.convert("L")] * 3))


def test_adobe_inverted_cmyk_is_not_negative(encoded):
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    data = encoded(cmyk, "JPEG", quality=100)
    assert b"Adobe" in data
    red = np.full((16, 16, 3), (255, 0, 0), np.uint8)
    assert _mean_error(files.read_rgb(data), red) < 2


def test_cmyk_goes_through_its_profile(encoded, cmyk_profile):
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    for profile, rgb in (
        (cmyk_profile, (223, 197, 80)),  # Lab 80, 0, 60 (D50) in sRGB.
        (b"no profile" * 20, (0, 255, 255)),  # Damaged: as if there were none.
        (None, (0, 255, 255)),
    ):
        picture = files.read_picture(encoded(cyan, "TIFF", icc_profile=profile))
        assert picture.icc_profile is None
        np.testing.assert_allclose(picture.rgb[0, 0], rgb, atol=3)


def test_grey_goes_through_its_profile(encoded, grey_profile):
    grey = Image.new("L", (8, 8), 128)
    picture = files.read_picture(encoded(grey, icc_profile=grey_profile))
    assert picture.icc_profile is None
    # Half of the light is 188 in the sRGB curve.
    np.testing.assert_allclose(picture.rgb, 188, atol=2)


def test_palette_with_transparency(encoded):
    image = Image.new("P", (16, 8), 1)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.paste(0, (0, 0, 4, 8))
    data = encoded(image, transparency=0)
    picture = files.read_picture(data)
    np.testing.assert_array_equal(picture.rgb[:, 4:], [[(0, 255, 0)] * 12] * 8)
    np.testing.assert_array_equal(picture.alpha, [[0] * 4 + [255] * 12] * 8)
    np.testing.assert_array_equal(files.read_rgb(data)[:, :4], 255)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_alpha_is_given_and_laid_on_white(ramp, encoded, mode):
    assert files.read_picture(encoded(ramp)).alpha is None
    image = Image.fromarray(ramp).convert(mode)
    alpha = np.tile(np.linspace(0, 255, 40).astype(np.uint8), (24, 1))
    image.putalpha(Image.fromarray(alpha))
    picture = files.read_picture(encoded(image))
    np.testing.assert_array_equal(picture.alpha, alpha)
    np.testing.assert_array_equal(picture.rgb, image.convert("RGB"))
    share = alpha[..., None] / 255.0
    expected = picture.rgb * share + 255 * (1 - share)
    np.testing.assert_allclose(
        files.read_rgb(encoded(image)), expected, atol=0.51
    )


def _levels(bits=16):
    """The values that become 0 to 255, as a row."""
    levels = np.linspace(0, 2**bits - 1, 256).round().astype(np.uint16)
    return levels[None, :, None]


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_is_scaled(png16, channels):
    values = np.tile(_levels(), (4, 1, channels))
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


@pytest.mark.parametrize("kind", ["grey", "RGB", "WhiteIsZero", "12 bits"])
def test_deep_tiff_is_scaled(tiff16, kind):
    values = np.tile(_levels(), (4, 1, 3 if kind == "RGB" else 1))
    data = tiff16(values, photometric=int(kind != "WhiteIsZero"))
    if kind == "12 bits":
        first, second = _levels(12).reshape(-1, 2).T
        packed = [first >> 4, (first & 15) << 4 | second >> 8, second & 255]
        pixels = np.stack(packed, axis=1).astype(np.uint8).tobytes()
        data = tiff16(_levels(12), bits=12, pixels=pixels)
    read = files.read_rgb(data).astype(int)
    expected = np.arange(256)[None, :, None]
    if kind == "WhiteIsZero":
        expected = 255 - expected
    assert np.abs(read - expected).max() <= 1


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_an_animation_gives_its_first_frame(encoded, format):
    frames = [Image.new("RGB", (16, 16), c) for c in ("red", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    options |= {"save_all": True, "append_images": frames[1:]}
    data = encoded(frames[0], format, **options)
    red = np.full((16, 16, 3), (255, 0, 0), np.uint8)
    assert _mean_error(files.read_rgb(data), red) < 2


@pytest.mark.parametrize(
    "format", ["JPEG2000", "MPO", "HEIF", "AVIF", "TGA", "ICO", "QOI", "PPM"]
)
def test_less_common_formats_are_read(encoded, ramp, format):
    options = {"quality": 95} if format in ("HEIF", "AVIF", "MPO") else {}
    if format == "MPO":  # The second is the other eye's, or a gain map.
        second = Image.new("RGB", (40, 24))
        options |= {"save_all": True, "append_images": [second]}
    if format == "ICO":
        options = {"sizes": [(40, 24)]}
    read = files.read_rgb(encoded(ramp, format, **options))
    assert _mean_error(read, ramp) < 3


_DEEP = np.linspace(0, 1, 8, dtype="<f4")


@pytest.mark.parametrize(
    "data,reason",
    [
        (b"", "the file is empty"),
        (b"Dear photographer,\nthis is no picture", "not a picture"),
        (("JPEG", 5000), "truncated"),
        (("JPEG", 20), "not|cannot|broken"),
        (("PNG", 5000), "truncated"),
        (b"Pf\n4 2\n-1.0\n" + _DEEP.tobytes(), "8 or 16 bits"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "vector"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\0\0\0\x14ftypisom" + bytes(60), "a video, not a picture"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(60), "a .jxl file"),
    ],
)
def test_unreadable_files_name_path_and_reason_in_one_line(
    tmp_path, encoded, data, reason
):
    if isinstance(data, tuple):
        noise = np.random.default_rng(0).integers(0, 256, (99, 99, 3), np.uint8)
        data = encoded(noise, data[0])[: data[1]]
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    for read in (files.read_rgb, files.read_picture):
        with pytest.raises(files.UnreadablePicture, match=reason) as failure:
            read(path)
        message = str(failure.value)
        assert message.startswith(f"{path}: ") and "\n" not in message
        assert "0x" not in message
        with pytest.raises(files.UnreadablePicture, match="^picture: "):
            read(data)


def test_32_bit_pixels_are_refused_with_the_reason(encoded):
    image = Image.fromarray(_DEEP.reshape(2, 4))
    with pytest.raises(files.UnreadablePicture, match="8 or 16 bits"):
        files.read_rgb(encoded(image, "TIFF"))


def test_missing_file_and_folder_are_wrong_requests(tmp_path):
    (tmp_path / "file").write_text("")
    for name in ("none.jpg", "", "file/x.jpg"):
        with pytest.raises(RequestError, match=str(tmp_path / name)):
            files.read_rgb(tmp_path / name)


@pytest.mark.filterwarnings("ignore::Warning")
def test_decompression_bombs_are_refused_before_they_are_decoded(encoded):
    data = bytearray(encoded(Image.new("1", (8, 8))))
    side = 1 + int(files.MAX_PIXELS**0.5)
    data[16:24] = struct.pack(">II", side, side)  # Width and height,
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))  # checksum.
    with pytest.raises(files.UnreadablePicture, match="400 megapixels"):
        files.read_rgb(bytes(data))


@pytest.mark.filterwarnings("error")
def test_large_pictures_below_the_limit_are_read_without_a_warning(encoded):
    # 96 megapixels: Pillow's own default would warn from 89 on.
    data = encoded(Image.new("L", (10_000, 9_600), 77), "JPEG")
    assert files.read_rgb(data, 1200).shape == (1200, 1250, 3)


@pytest.mark.parametrize("pixels", [40, 100, 150, 299, 300, 1000])
def test_min_short_side_is_kept(ramp, encoded, pixels):
    photo = Image.fromarray(ramp).resize((900, 600))
    read = files.read_rgb(encoded(photo, "JPEG", quality=95), pixels)
    assert min(read.shape[:2]) >= min(pixels, 600)
    assert abs(read.shape[1] - read.shape[0] * 1.5) <= 1
    if pixels <= 300:
        assert min(read.shape[:2]) <= 300
    small = photo.resize(read.shape[1::-1], Image.Resampling.BOX)
    assert _mean_error(read, np.asarray(small)) < 3
    # Other formats stay as they are.
    assert files.read_rgb(encoded(photo), pixels).shape == (600, 900, 3)


def test_heic_without_its_extra_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    data = b"\0\0\0\x1cftypheic" + bytes(60)
    with pytest.raises(MissingExtraError, match=r"HEIC: .*\[heif\]"):
        files.read_picture(data)


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
