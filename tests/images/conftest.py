"""Files that Pillow cannot write, built byte by byte."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def ramp():
    """A smooth picture with a different ramp in each channel."""
    y, x = np.mgrid[0:24, 0:40]
    return np.stack([x * 255 // 39, y * 255 // 23, 128 + 0 * x], -1).astype(
        np.uint8
    )


@pytest.fixture
def encoded():
    """Encodes an array or a Pillow image as a file's bytes."""

    def encode(image, format="PNG", **options):
        if isinstance(image, np.ndarray):
            image = Image.fromarray(image)
        if format == "HEIF":
            pytest.importorskip("pillow_heif").register_heif_opener()
        buffer = io.BytesIO()
        image.save(buffer, format=format, **options)
        return buffer.getvalue()

    return encode


@pytest.fixture
def png16():
    """Writes a 16-bit PNG of (h, w, channels) uint16 values as bytes."""

    def chunk(kind, body):
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    def write(values, transparent=None):
        height, width, channels = values.shape
        colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
        header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
        chunks = [chunk(b"IHDR", header)]
        if transparent is not None:
            chunks.append(chunk(b"tRNS", struct.pack(">H", transparent)))
        chunks.append(chunk(b"IDAT", zlib.compress(rows)))
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")

    return write


@pytest.fixture
def tiff16():
    """Writes an uncompressed TIFF of (h, w, 1 or 3) uint16 as bytes."""

    def write(values, photometric=1, bits=16, pixels=None):
        height, width, channels = values.shape
        pixels = pixels or values.astype("<u2").tobytes()
        after = 8 + 2 + 12 * 9 + 4
        three = struct.pack("<HHH", 16, 16, 16)
        entries = [
            (256, 3, 1, width),
            (257, 3, 1, height),
            (258, 3, *((3, after) if channels == 3 else (1, bits))),
            (259, 3, 1, 1),
            (262, 3, 1, photometric if channels == 1 else 2),
            (273, 4, 1, after + len(three)),
            (277, 3, 1, channels),
            (278, 3, 1, height),
            (279, 4, 1, len(pixels)),
        ]
        head = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
        body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
        return head + body + struct.pack("<I", 0) + three + pixels

    return write


def _profile(space: bytes, connection: bytes, tags: dict) -> bytes:
    """An ICC version 2 output profile of the given tags."""
    table, bodies = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        body += b"\0" * (-len(body) % 4)
        table += name + struct.pack(">II", start + len(bodies), len(body))
        bodies += body
    header = bytearray(128)
    header[0:4] = struct.pack(">I", start + len(bodies))
    header[8:12] = struct.pack(">I", 0x02400000)
    header[12:24] = b"prtr" + space + connection
    header[24:36] = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    header[36:40] = b"acsp"
    header[68:80] = struct.pack(">3i", 63190, 65536, 54061)  # D50
    return bytes(header) + struct.pack(">I", len(tags)) + table + bodies


@pytest.fixture
def cmyk_profile() -> bytes:
    """A made-up CMYK profile: full "cyan" is Lab 80, 0, 60, an ochre.

    Bare paper is white, all else black. (The paper itself could not be made
    ochre: Little CMS maps white to white whatever the profile says.)
    """
    lab = {0: (255, 128, 128), 8: (204, 128, 188)}
    grid = b"".join(bytes(lab.get(node, (0, 128, 128))) for node in range(16))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    ramp = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity
    return _profile(
        b"CMYK", b"Lab ", {b"A2B0": lut + ramp * 4 + grid + ramp * 3}
    )


@pytest.fixture
def grey_profile() -> bytes:
    """A grey profile of gamma 1.0: 128 is half of the light."""
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": curve, b"wtpt": white})
