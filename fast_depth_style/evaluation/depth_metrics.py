"""Depth of a picture, as depth networks see it.

Against the depth of its photo and, where there is one, against measured depth.
"""

import numpy as np

from fast_depth_style.evaluation import depth_comparison as compare
from fast_depth_style.evaluation.evaluator import Context, Evaluator, Metric
from fast_depth_style.evaluation.judges import Judge
from fast_depth_style.evaluation.photo_sets import nearest
from fast_depth_style.evaluation.scipy_extra import ndimage

BLUR = 2.0
"""Of photo and picture before `…_blurred`: standard deviation in pixels."""

_AGAINST_PHOTO = (
    ("raw", "Depth error, over the photo's variance", "lower", True),
    ("aligned", "Depth error, scale and shift aligned", "lower", True),
    ("raw_blurred", "Depth error, both blurred", "lower", False),
    ("aligned_blurred", "Depth error, aligned, both blurred", "lower", False),
    ("squared", "Squared depth difference", "lower", False),
    ("spearman", "Depth rank correlation", "higher", True),
    ("edges", "Depth edge F-score, aligned", "higher", False),
)
_AGAINST_MEASURED = (
    ("raw_rmse", "RMSE against measured depth, m", "lower", True),
    ("raw_abs_rel", "AbsRel against measured depth", "lower", False),
    ("raw_delta1", "delta < 1.25 against measured depth", "higher", True),
    ("rmse", "Aligned RMSE against measured depth, m", "lower", True),
    ("abs_rel", "Aligned AbsRel against measured depth", "lower", False),
    ("delta1", "Aligned delta < 1.25, measured depth", "higher", True),
    ("spearman", "Rank correlation with measured depth", "higher", True),
    ("edges", "Edge F-score, aligned, measured depth", "higher", False),
)


def evaluators(context: Context) -> list[Evaluator]:
    """One evaluator per judge, and another where depth was measured.

    "depth.<judge>.<key>" compares a picture with its photo,
    "measured.<judge>.<key>" with measured depth.
    """
    found = [_against_photo(judge) for judge in context.judges]
    if context.measured:
        found += [_against_measured(judge) for judge in context.judges]
    return found


def _against_photo(judge: Judge) -> Evaluator:
    estimator = judge.estimator
    relative = compare.relative_squared_difference

    def blurred(batch):
        sigmas = (0, BLUR, BLUR, 0)
        return estimator(ndimage.gaussian_filter(batch, sigmas))

    def compare_maps(sample):
        target, *maps = sample.outputs(estimator)
        soft_target, *soft_maps = sample.outputs(blurred)
        for depth, soft in zip(maps, soft_maps, strict=True):
            aligned = compare.align(depth, target)
            soft_aligned = compare.align(soft, soft_target)
            yield {
                "raw": relative(depth, target),
                "aligned": relative(aligned, target),
                "raw_blurred": relative(soft, soft_target),
                "aligned_blurred": relative(soft_aligned, soft_target),
                "squared": compare.squared_difference(depth, target),
                **_order(depth, aligned, target),
            }

    return _evaluator("depth", judge, _AGAINST_PHOTO, compare_maps)


def _against_measured(judge: Judge) -> Evaluator:
    def compare_maps(sample):
        _, *maps = sample.outputs(judge.estimator)
        target = nearest(sample.measured, maps[0].shape)
        for depth in maps:
            metres, aligned = depth, compare.align(depth, target)
            if judge.estimator.quantity == "inverse_depth":
                # Scale and shift belong to inverse depth (Ranftl et al. 2020).
                metres = _invert(depth, target)
                aligned = _invert(compare.align(depth, 1 / target), target)
                depth = -depth
            as_it_is = _distances(metres, target)
            yield {
                **{f"raw_{key}": value for key, value in as_it_is.items()},
                **_distances(aligned, target),
                **_order(depth, aligned, target),
            }

    rows = [
        row
        for row in _AGAINST_MEASURED
        if judge.estimator.is_metric or not row[0].startswith("raw_")
    ]
    return _evaluator("measured", judge, rows, compare_maps)


def _evaluator(family, judge, rows, compare_maps):
    metrics = {
        key: Metric(
            f"{family}.{judge.name}.{key}",
            f"{label} ({judge.title})",
            better,
            headline,
        )
        for key, label, better, headline in rows
    }

    def measure(sample):
        return [
            {metric.name: values[key] for key, metric in metrics.items()}
            for values in compare_maps(sample)
        ]

    return Evaluator([*metrics.values()], measure)


def _distances(metres, target):
    return {
        "rmse": compare.root_mean_squared_error(metres, target),
        "abs_rel": compare.absolute_relative_error(metres, target),
        "delta1": compare.share_within(metres, target),
    }


def _order(depth, aligned, target):
    return {
        "spearman": compare.spearman(depth, target),
        "edges": compare.edge_f_score(aligned, target),
    }


def _invert(nearness, measured):
    """Metres, no farther than anything that was measured."""
    if not np.isfinite(measured).any():
        return nearness
    return 1 / np.maximum(nearness, 1 / np.nanmax(measured))
