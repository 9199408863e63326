"""Estimated depth against measured depth, where the photos come with it."""

import numpy as np

from fast_depth_style.evaluation import depth_comparison as compare
from fast_depth_style.evaluation.evaluator import Context, Metric, Sample
from fast_depth_style.perception.depth_estimator import DepthEstimator


class MeasuredDepthMetrics:
    """Compares the depth of each picture with what was measured.

    What the judge makes of the photo itself is the row of the model
    `identity`: the rest of a model's error is what its style does to depth.
    """

    def __init__(self, name: str, judge: DepthEstimator):
        """Takes a depth network, and its name in the report."""
        self.judge = judge
        self.name = name
        self.metrics = [
            Metric(
                f"measured.{name}.{key}", f"{label} ({name})", better, headline
            )
            for key, label, better, headline in _METRICS
            if judge.is_metric or not key.startswith("raw")
        ]

    def measure(self, sample: Sample) -> list[dict[str, float]]:
        """One dict per picture; names are "measured.<judge>.<key>"."""
        maps = sample.outputs(self.judge)["depth"][1:]
        return [
            {
                f"measured.{self.name}.{key}": value
                for key, value in _compare(
                    self.judge, depth, shrink(sample.measured, depth.shape)
                ).items()
            }
            for depth in maps
        ]


_METRICS = (
    ("raw_rmse", "RMSE against measured depth, m", "lower", True),
    ("raw_abs_rel", "AbsRel against measured depth", "lower", False),
    ("raw_delta1", "delta < 1.25 against measured depth", "higher", True),
    ("rmse", "Aligned RMSE against measured depth, m", "lower", True),
    ("abs_rel", "Aligned AbsRel against measured depth", "lower", False),
    ("delta1", "Aligned delta < 1.25, measured depth", "higher", True),
    ("spearman", "Rank correlation with measured depth", "higher", True),
    ("ordinal", "Order errors, measured depth", "lower", False),
    ("edges", "Edge F-score, aligned, measured depth", "higher", False),
)


def evaluators(context: Context) -> list[MeasuredDepthMetrics]:
    """One evaluator per judge, none where no depth was measured."""
    if not context.measured:
        return []
    return [MeasuredDepthMetrics(*item) for item in context.judges.items()]


def shrink(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resizes by taking the nearest pixel, which keeps holes what they are.

    Args:
        values: (height, width).
        size: (h, w) wanted.

    Returns:
        (h, w).
    """
    rows, columns = (
        ((np.arange(new) + 0.5) * old / new).astype(int)
        for new, old in zip(size, values.shape, strict=True)
    )
    return values[rows][:, columns]


def _compare(judge, depth, measured):
    found = {}
    nearness = judge.quantity == "inverse_depth"
    if judge.is_metric:
        metres = _invert(depth, measured) if nearness else depth
        found |= {
            "raw_rmse": compare.root_mean_squared_error(metres, measured),
            "raw_abs_rel": compare.absolute_relative_error(metres, measured),
            "raw_delta1": compare.share_within(metres, measured),
        }
    if nearness:
        # Scale and shift belong to inverse depth (Ranftl et al. 2020).
        metres = _invert(compare.align(depth, 1 / measured), measured)
        depth = -depth
    else:
        metres = compare.align(depth, measured)
    return found | {
        "rmse": compare.root_mean_squared_error(metres, measured),
        "abs_rel": compare.absolute_relative_error(metres, measured),
        "delta1": compare.share_within(metres, measured),
        "spearman": compare.spearman(depth, measured),
        "ordinal": compare.ordinal_error(depth, measured),
        "edges": compare.edge_f_score(metres, measured),
    }


def _invert(nearness, measured):
    """Metres, no farther than anything that was measured."""
    if not np.isfinite(measured).any():
        return nearness
    return 1 / np.maximum(nearness, 1 / np.nanmax(measured))
