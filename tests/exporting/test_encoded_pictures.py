import io
import random
import resource
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps
from tiny_material import mutated

from fast_depth_style.exporting.encoded_pictures import (
    MAXIMUM_PIXELS,
    decode_pictures,
)

_COARSE = np.random.default_rng(0).integers(0, 256, (4, 5, 4), np.uint8)
_RGBA = Image.fromarray(_COARSE).resize((24, 20), Image.Resampling.BICUBIC)
_RGB = _RGBA.convert("RGB")
_DEEP = (np.arange(20 * 24, dtype=np.uint16) * 131).reshape(20, 24)


def _file(picture, format, **options):
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


_FILES = {
    "jpeg": _file(_RGB, "JPEG"),
    "jpeg, progressive": _file(_RGB, "JPEG", progressive=True),
    "jpeg, grey": _file(_RGB.convert("L"), "JPEG"),
    "jpeg, cmyk": _file(_RGB.convert("CMYK"), "JPEG"),
    "png": _file(_RGB, "PNG"),
    "png, grey": _file(_RGB.convert("L"), "PNG"),
    "png, black and white": _file(_RGB.convert("1"), "PNG"),
    "png, 16 colours": _file(_RGB.quantize(16), "PNG"),
    "png, 256 colours": _file(_RGB.quantize(256), "PNG"),
    "png, one transparent": _file(_RGB.quantize(99), "PNG", transparency=3),
    "png, alpha": _file(_RGBA, "PNG"),
    "png, grey, alpha": _file(_RGBA.convert("LA"), "PNG"),
    "png, 16 bit": _file(Image.fromarray(_DEEP), "PNG"),
    "png, animated": _file(
        _RGB, "PNG", save_all=True, append_images=[ImageOps.invert(_RGB)]
    ),
    "webp": _file(_RGB, "WEBP"),
    "webp, lossless": _file(_RGB, "WEBP", lossless=True),
    "webp, alpha": _file(_RGBA, "WEBP"),
    "webp, lossless, alpha": _file(_RGBA, "WEBP", lossless=True),
    "webp, exif": _file(_RGB, "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
}

_decode = tf.function(
    decode_pictures,
    input_signature=[tf.TensorSpec((None,), "string")],
    autograph=False,
)


def _opened(file):
    """What Pillow sees in a file, on white."""
    picture = Image.open(io.BytesIO(file))
    if picture.mode.startswith("I"):
        grey = (np.asarray(picture) >> 8).astype(np.uint8)
        picture = Image.fromarray(grey)
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))


def test_every_kind_of_picture_is_decoded_as_it_looks():
    decoded = _decode(tf.constant([*_FILES.values()])).numpy()
    assert decoded.dtype == np.uint8
    for (name, file), picture in zip(_FILES.items(), decoded, strict=True):
        # The decoders of JPEG are not the same.
        allowed = 6 if "jpeg" in name else 1
        difference = picture.astype(int) - _opened(file)
        assert np.abs(difference).max() <= allowed, name


def _png_of(width, height):
    """A PNG whose header says another size, with its checksum."""
    file = _FILES["png"]
    header = b"IHDR" + struct.pack(">II", width, height) + file[24:29]
    return file[:12] + header + zlib.crc32(header).to_bytes(4) + file[33:]


def _jpeg_of(width, height):
    file = _FILES["jpeg"]
    at = file.index(b"\xff\xc0") + 5
    return file[:at] + struct.pack(">HH", height, width) + file[at + 4 :]


def _webp_of(width, height):
    file = _FILES["webp, exif"]
    sides = (side - 1 for side in (width, height))
    size = b"".join(side.to_bytes(3, "little") for side in sides)
    return file[:24] + size + file[30:]


def _jpeg_of_many_scans():
    """A progressive JPEG whose last scan is there again and again."""
    file = _FILES["jpeg, progressive"]
    last = file[file.rindex(b"\xff\xda") : -2]
    return file[:-2] + 200 * last + file[-2:]


_FRAMES = [_RGB, ImageOps.invert(_RGB)]
_REFUSED = {
    "text": (b"A picture says more than a thousand words.", "not a readable"),
    "nothing": (b"", "not a readable"),
    "one byte": (b"\xff", "not a readable"),
    "gif": (_file(_RGB, "GIF"), "not a readable"),
    "bmp": (_file(_RGB, "BMP"), "not a readable"),
    "jpeg's first bytes": (_FILES["jpeg"][:20], "not a readable"),
    "half a jpeg": (_FILES["jpeg"][:-40], "broken"),
    "half a png": (_FILES["png"][:-200], "broken"),
    "half a webp": (_FILES["webp"][:-50], "broken"),
    "animated webp": (
        _file(_FRAMES[0], "WEBP", save_all=True, append_images=_FRAMES[1:]),
        "an animated WebP",
    ),
    "scans": (_jpeg_of_many_scans(), "a JPEG of more than 100 scans"),
    "1x1": (_file(_RGB.resize((1, 1)), "PNG"), "1x1 pixels, the least is 16"),
    "low": (_file(_RGB.resize((64, 15)), "JPEG"), "64x15 pixels, the least"),
    "size": (_file(_RGB.resize((20, 24)), "PNG"), "the first is 24x20"),
    "png bomb": (_png_of(1 << 30, 1 << 30), "1073741824x1073741824 pixels"),
    "png beyond 2**31": (_png_of(1 << 31, 64), "picture 1 is -2147483648x64"),
    "jpeg bomb": (_jpeg_of(65500, 65500), "65500x65500 pixels"),
    "webp bomb": (_webp_of(1 << 24, 1 << 24), "16777216x16777216 pixels"),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_a_wrong_picture_is_named_with_what_is_wrong(name):
    file, message = _REFUSED[name]
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        _decode(tf.constant([_FILES["png"], file]))
    assert "picture 1 is " in str(error.value)
    assert message in str(error.value)


def test_a_wide_picture_is_taken_and_too_many_or_none_are_not():
    wide = _file(_RGB.resize((30_000, 16)), "PNG")
    (picture,) = _decode(tf.constant([wide])).numpy()
    np.testing.assert_array_equal(picture, _opened(wide))
    number = MAXIMUM_PIXELS // (30_000 * 16) + 1
    for files, message in (([wide] * number, "in all"), ([], "is empty")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            _decode(tf.constant(files, "string"))


def test_a_thousand_damaged_files_do_no_harm(small_model):
    model = tf.saved_model.load(str(small_model / "1"))
    encoded = model.signatures["encoded"]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    painted = refused = 0
    originals = [*_FILES.values(), _REFUSED["animated webp"][0]]
    for i in range(1000):
        file = mutated(random.Random(i), originals[i % len(originals)])
        try:
            result = encoded(image_bytes=tf.constant([file]))
        except tf.errors.InvalidArgumentError as error:
            assert "picture 0 is " in str(error)
            refused += 1
        else:
            (png,) = result["stylized_image_bytes"].numpy()
            assert min(Image.open(io.BytesIO(png)).size) >= 16
            painted += 1
    assert painted > 50 and refused > 500
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 1 << 20  # KiB.

    # And it still works.
    result = encoded(image_bytes=tf.constant([_FILES["jpeg, cmyk"]]))
    (png,) = result["stylized_image_bytes"].numpy()
    assert Image.open(io.BytesIO(png)).size == (24, 20)
