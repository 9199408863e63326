"""Contact sheets: pictures in rows, with titles or without."""

import io
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fast_depth_style import files

_GAP = 4
TITLE_GAP, TITLE_LINE = 6, 24
"""Pixels between pictures with titles, and above them for a title."""


def contact_sheet(rows: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """Lays uint8 pictures of one size out in rows with a thin white gap."""
    pad = [(0, _GAP), (0, _GAP), (0, 0)]
    return np.concatenate(
        [
            np.concatenate(
                [np.pad(p, pad, constant_values=255) for p in row], axis=1
            )
            for row in rows
        ]
    )[:-_GAP, :-_GAP]


def titled_sheet(
    rows: Sequence[Sequence[tuple[str, np.ndarray]]],
) -> np.ndarray:
    """Lays uint8 pictures out in rows, each under its title, on white.

    Pictures of a row are of one height.
    """
    below = [len(row[0][1]) + TITLE_LINE + TITLE_GAP for row in rows]
    wide = max(sum(rgb.shape[1] + TITLE_GAP for _, rgb in row) for row in rows)
    sheet = Image.new("RGB", (wide, sum(below)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    top = 0
    for row, height in zip(rows, below, strict=True):
        left = 0
        for title, rgb in row:
            draw.text((left + 2, top + 3), title, "black", font)
            sheet.paste(Image.fromarray(rgb), (left, top + TITLE_LINE))
            left += rgb.shape[1] + TITLE_GAP
        top += height
    return np.asarray(sheet)


def write_png(rgb: np.ndarray, *paths: pathlib.Path) -> None:
    """Writes a (height, width, 3) uint8 picture to each of the paths."""
    content = io.BytesIO()
    Image.fromarray(rgb).save(content, "png")
    for path in paths:
        files.write_bytes(path, content.getvalue())


def to_uint8(pictures: np.ndarray) -> np.ndarray:
    """Rounds and clips float pictures in about 0..255 to uint8."""
    return np.clip(np.rint(pictures), 0, 255).astype(np.uint8)
