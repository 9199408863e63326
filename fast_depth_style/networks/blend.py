"""Blends of styles, written as text: `great_wave:0.7,udnie:0.3`."""

import math
from collections.abc import Sequence

import numpy as np

from fast_depth_style.errors import RequestError


def parse_blend(text: str, names: Sequence[str]) -> np.ndarray:
    """Weights of the styles `names`, float32, that add up to 1.

    The text is names with commas between them, each with a weight after a
    colon, or 1 without.

    Raises:
        RequestError: A name is unknown, a weight no positive number.
    """
    weights = np.zeros(len(names), "float32")
    for part in text.split(","):
        name, separator, number = (each.strip() for each in part.partition(":"))
        if name not in names:
            raise RequestError(
                f"--style={text}: no style {name!r}; there are"
                f" {', '.join(names)}"
            )
        try:
            weight = float(number) if separator else 1.0
        except ValueError:
            weight = math.nan
        if not 0 < weight < math.inf:
            raise RequestError(
                f"--style={text}: the weight of {name} must be a positive"
                f" number, not {number!r}"
            )
        weights[names.index(name)] += weight
    return weights / weights.sum()
