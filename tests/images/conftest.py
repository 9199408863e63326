"""Files that Pillow cannot write, built byte by byte."""

import struct
import zlib

import numpy as np
import pytest


def _chunk(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


@pytest.fixture
def png16():
    """Writes a 16-bit PNG of (h, w, channels) uint16 values as bytes."""

    def write(values: np.ndarray, transparent: int | None = None) -> bytes:
        height, width, channels = values.shape
        colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
        rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
        header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
        trns = (
            b""
            if transparent is None
            else _chunk(b"tRNS", struct.pack(">H", transparent))
        )
        return (
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", header)
            + trns
            + _chunk(b"IDAT", zlib.compress(rows))
            + _chunk(b"IEND", b"")
        )

    return write


@pytest.fixture
def tiff16():
    """Writes an uncompressed 16-bit TIFF (h, w, 1 or 3) as bytes."""

    def write(values: np.ndarray) -> bytes:
        height, width, channels = values.shape
        pixels = values.astype("<u2").tobytes()
        entries = [
            (256, 3, 1, width),
            (257, 3, 1, height),
            (258, 3, 1, 16),
            (259, 3, 1, 1),
            (262, 3, 1, 1 if channels == 1 else 2),
            (273, 4, 1, 0),
            (277, 3, 1, channels),
            (278, 3, 1, height),
            (279, 4, 1, len(pixels)),
        ]
        after = 8 + 2 + 12 * len(entries) + 4
        bits = struct.pack("<HHH", 16, 16, 16)
        if channels == 3:
            entries[2] = (258, 3, 3, after)
        entries[5] = (273, 4, 1, after + len(bits))
        body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
        return (
            struct.pack("<2sHIH", b"II", 42, 8, len(entries))
            + body
            + struct.pack("<I", 0)
            + bits
            + pixels
        )

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
    header[12:16] = b"prtr"
    header[16:20] = space
    header[20:24] = connection
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
    lut = (
        b"mft1\0\0\0\0"
        + bytes([4, 3, 2, 0])
        + identity
        + ramp * 4
        + grid
        + ramp * 3
    )
    return _profile(b"CMYK", b"Lab ", {b"A2B0": lut})


@pytest.fixture
def grey_profile() -> bytes:
    """A grey profile of gamma 1.0: 128 is half of the light."""
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": curve, b"wtpt": white})


def _srgb_of_lab(lightness, a, b):
    """CIE Lab (D50) to sRGB by the textbook formulas."""
    fy = (lightness + 16) / 116
    f = np.array([fy + a / 500, fy, fy - b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    xyz *= [0.9642, 1.0, 0.8249]
    linear = np.clip(
        np.array(
            [  # Bradford-adapted from D50 (Lindbloom).
                [3.1338561, -1.6168667, -0.4906146],
                [-0.9787684, 1.9161415, 0.0334540],
                [0.0719453, -0.2289914, 1.4052427],
            ]
        )
        @ xyz,
        0,
        1,
    )
    return 255 * np.where(
        linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear
    )


@pytest.fixture
def srgb_of_lab():
    return _srgb_of_lab
