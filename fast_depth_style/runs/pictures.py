"""Sheets of pictures by which one watches a run."""

import io
import pathlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fast_depth_style import files

_GAP = 4


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


def write_png(rgb: np.ndarray, *paths: pathlib.Path) -> None:
    """Writes a (height, width, 3) uint8 picture to each of the paths."""
    content = io.BytesIO()
    Image.fromarray(rgb).save(content, "png")
    for path in paths:
        files.write_bytes(path, content.getvalue())


def to_uint8(pictures: np.ndarray) -> np.ndarray:
    """Rounds and clips float pictures in about 0..255 to uint8."""
    return np.clip(np.rint(pictures), 0, 255).astype(np.uint8)
