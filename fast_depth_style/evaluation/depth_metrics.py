"""Depth before and after, as depth networks see it."""

import numpy as np

from fast_depth_style.evaluation import depth_comparison as compare
from fast_depth_style.evaluation.evaluator import Context, Metric, Sample
from fast_depth_style.perception.depth_estimator import DepthEstimator

NEAREST, FARTHEST = 1.0, 10.0


class DepthMetrics:
    """Compares the depth of each picture with that of its photo."""

    def __init__(self, name: str, judge: DepthEstimator):
        """Takes a depth network.

        Args:
            name: Of the judge, in metric names and the report.
            judge: The network; one that training did not see.
        """
        self.judge = judge
        self.name = name
        self.metrics = [
            Metric(f"depth.{name}.{key}", f"{label} ({name})", better, headline)
            for key, label, better, headline in _METRICS
        ]

    def measure(self, sample: Sample) -> list[dict[str, float]]:
        """One dict per picture; a metric name is "depth.<judge>.<key>"."""
        target, *maps = sample.outputs(self.judge)["depth"]
        return [
            {
                f"depth.{self.name}.{key}": value
                for key, value in _compare(self.judge, depth, target).items()
            }
            for depth in maps
        ]


_METRICS = (
    ("raw", "Depth error, over the photo's variance", "lower", True),
    ("aligned", "Depth error, scale and shift aligned", "lower", True),
    ("squared", "Squared depth difference", "lower", False),
    ("rmse", "Depth RMSE, aligned", "lower", False),
    ("abs_rel", "AbsRel, aligned", "lower", False),
    ("delta1", "delta < 1.25, aligned", "higher", False),
    ("spearman", "Depth rank correlation", "higher", True),
    ("ordinal", "Depth order errors", "lower", False),
    ("edges", "Depth edge F-score, aligned", "higher", False),
)


def evaluators(context: Context) -> list[DepthMetrics]:
    """One evaluator per judge."""
    return [DepthMetrics(*item) for item in context.judges.items()]


def _compare(judge, depth, target):
    aligned = compare.align(depth, target)
    distance, wanted = _distances(judge, aligned, target)
    return {
        "raw": compare.relative_squared_difference(depth, target),
        "aligned": compare.relative_squared_difference(aligned, target),
        "squared": compare.squared_difference(depth, target),
        "rmse": compare.root_mean_squared_error(aligned, target),
        "abs_rel": compare.absolute_relative_error(distance, wanted),
        "delta1": compare.share_within(distance, wanted),
        "spearman": compare.spearman(depth, target),
        "ordinal": compare.ordinal_error(depth, target),
        "edges": compare.edge_f_score(aligned, target),
    }


def _distances(judge, aligned, target):
    """Both maps as distances, of which ratios have a meaning.

    Metres are that. A map known only up to scale and shift is read as if the
    photo (2nd to 98th percentile) reached from `NEAREST` to `FARTHEST`, so
    that the ratios do not depend on the judge's scale and shift.
    """
    if judge.is_metric and judge.quantity == "depth":
        return aligned, target
    ends = (NEAREST, FARTHEST)
    if judge.quantity == "inverse_depth":
        ends = (1 / FARTHEST, 1 / NEAREST)
    low, high = np.percentile(target, (2, 98))
    if low == high:
        nothing = np.full(target.shape, np.nan)
        return nothing, nothing
    maps = [
        np.interp(values, (low, high), ends) for values in (aligned, target)
    ]
    if judge.quantity == "inverse_depth":
        maps = [1 / values for values in maps]
    return maps
