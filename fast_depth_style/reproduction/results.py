"""Reads what an evaluation wrote, photo by photo."""

import csv
import os
import pathlib

import numpy as np


def read_photos(
    path: str | os.PathLike,
) -> dict[str, dict[str, np.ndarray]]:
    """Reads a photos.csv or rooms.csv.

    Args:
        path: The file.

    Returns:
        {metric: {model: (photos,) float64, NaN where it has no meaning}}, all
        models over the same photos in the same order.

    Raises:
        OSError: There is no such file.
    """
    with pathlib.Path(path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    metrics = [name for name in rows[0] if name not in ("photo", "model")]
    models = dict.fromkeys(row["model"] for row in rows)
    return {
        metric: {
            model: np.array(
                [
                    float(row[metric] or "nan")
                    for row in rows
                    if row["model"] == model
                ]
            )
            for model in models
        }
        for metric in metrics
    }
