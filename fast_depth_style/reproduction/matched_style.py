"""What depth costs when style is the same."""

import dataclasses

import numpy as np

from fast_depth_style.evaluation import statistics
from fast_depth_style.evaluation.statistics import Estimate

TOLERANCE = 0.05
"""Two style losses are the same within this part of the reference's."""


@dataclasses.dataclass(frozen=True)
class Matched:
    """A depth error at the style loss of the reference.

    Attributes:
        ratio: Depth error over that of the reference, over the same photos.
        style_ratio: Style loss over the reference's.
        between: Labels of the runs that it lies between, or of the one run
            that it is.
    """

    ratio: Estimate
    style_ratio: float
    between: tuple[str, ...]


def match_style(
    style: dict[str, np.ndarray], depth: dict[str, np.ndarray], reference: str
) -> Matched | None:
    """Finds the least depth error at the style loss of the reference.

    A run within `TOLERANCE` of the reference's mean style loss, or better,
    counts as it is. Of two runs on either side, every photo's depth error is
    interpolated linearly in their mean style losses.

    Args:
        style: {label: (photos,) style losses}.
        depth: {label: (photos,) depth errors}, of the same photos.
        reference: Label of the run without depth.

    Returns:
        The candidate of the lowest mean depth error; None where every run has
        a higher style loss, out of tolerance.
    """
    goal = np.mean(style[reference])
    means = {k: np.mean(v) / goal for k, v in style.items() if k != reference}
    candidates = [
        Matched(
            statistics.ratio(depth[label], depth[reference]),
            float(mean),
            (label,),
        )
        for label, mean in means.items()
        if mean <= 1 + TOLERANCE
    ]
    for low, low_mean in means.items():
        for high, high_mean in means.items():
            if low_mean < 1 < high_mean:
                part = (1 - low_mean) / (high_mean - low_mean)
                between = (1 - part) * depth[low] + part * depth[high]
                candidates.append(
                    Matched(
                        statistics.ratio(between, depth[reference]),
                        1.0,
                        (low, high),
                    )
                )
    return min(candidates, key=lambda c: c.ratio.value, default=None)
