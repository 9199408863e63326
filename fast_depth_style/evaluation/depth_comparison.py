"""Depth error metrics of two maps.

Maps are (height, width) of any real type. Pixels where the target is NaN are
unknown and count nowhere. A number is NaN where it has no meaning, as the rank
correlation with a flat target.
"""

import numpy as np

from fast_depth_style.evaluation.scipy_extra import ndimage, stats

EDGE_SHARE = 0.1
EDGE_TOLERANCE = 2


def align(depth: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Scales and shifts `depth` to fit `target`, by least squares.

    min over (s, t) of sum (s depth + t - target)^2 (Ranftl et al. 2020, eq.
    4). The scale may be negative, which favours an inverted map; the rank
    correlation shows it. A flat map becomes the target's mean.
    """
    x, y = _known(depth, target)
    if not _varies(x):
        return np.full(depth.shape, y.mean() if y.size else np.nan)
    centred = x - x.mean()
    scale = np.mean(centred * (y - y.mean())) / np.mean(centred**2)
    return scale * (depth.astype("float64") - x.mean()) + y.mean()


def squared_difference(depth: np.ndarray, target: np.ndarray) -> float:
    """Mean squared difference (Xu, Zhang, Yang 2017, eq. 4, per pixel)."""
    x, y = _known(depth, target)
    return float(np.mean((x - y) ** 2)) if x.size else np.nan


def relative_squared_difference(depth: np.ndarray, target: np.ndarray) -> float:
    """Mean squared difference over the target's variance.

    0 where the map is kept, 1 for an even map at the target's mean.
    """
    _, y = _known(depth, target)
    if not _varies(y):
        return np.nan
    return squared_difference(depth, target) / float(np.var(y))


def root_mean_squared_error(depth: np.ndarray, target: np.ndarray) -> float:
    """Root of the mean squared difference, in units of the maps."""
    return float(np.sqrt(squared_difference(depth, target)))


def absolute_relative_error(depth: np.ndarray, target: np.ndarray) -> float:
    """Mean of |depth - target| / target (Eigen et al. 2014).

    NaN where a target is not positive, as some networks' may be.
    """
    x, y = _known(depth, target)
    if not x.size or y.min() <= 0:
        return np.nan
    return float(np.mean(np.abs(x - y) / y))


def share_within(
    depth: np.ndarray, target: np.ndarray, ratio: float = 1.25
) -> float:
    """Share of pixels with max(depth / target, target / depth) < ratio.

    The delta of Eigen et al. 2014; target > 0, a depth of 0 or less is never
    within.
    """
    x, y = _known(depth, target)
    if not x.size:
        return np.nan
    x = np.maximum(x, np.finfo("float64").tiny)
    return float(np.mean((x < ratio * y) & (y < ratio * x)))


def spearman(depth: np.ndarray, target: np.ndarray) -> float:
    """Rank correlation, equal values sharing their mean rank.

    0 for a flat map, in which no order is left.
    """
    x, y = _known(depth, target)
    if not _varies(y):
        return np.nan
    if not _varies(x):
        return 0.0
    return float(np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1])


def edge_f_score(depth: np.ndarray, target: np.ndarray) -> float:
    """F-score of depth edges, 0..1 (after Hu et al. 2019, section 4.1).

    An edge is a pixel whose Sobel gradient is above a threshold: the one that
    the steepest tenth (`EDGE_SHARE`) of the target passes. An edge is found if
    there is one of the other map within `EDGE_TOLERANCE` pixels. Pixels beside
    an unknown one are no edges. `depth` is in the target's scale: see `align`.
    """
    known = np.isfinite(target)
    inside = ndimage.binary_erosion(known, np.ones((3, 3)), border_value=1)
    if not inside.any():
        return np.nan
    steepness = _steepness(np.where(known, target, 0))
    # A little more, lest rounding pick among the pixels of an even slope.
    threshold = 1.001 * np.quantile(steepness[inside], 1 - EDGE_SHARE)
    wanted = inside & (steepness > threshold)
    if not wanted.any():
        return np.nan
    found = inside & (_steepness(np.where(known, depth, 0)) > threshold)
    near = np.ones((2 * EDGE_TOLERANCE + 1,) * 2, bool)
    right = np.sum(found & ndimage.binary_dilation(wanted, near))
    recalled = np.sum(wanted & ndimage.binary_dilation(found, near))
    if not right or not recalled:
        return 0.0
    precision, recall = right / found.sum(), recalled / wanted.sum()
    return float(2 * precision * recall / (precision + recall))


def _known(depth, target):
    known = np.isfinite(target)
    return depth[known].astype("float64"), target[known].astype("float64")


def _varies(values):
    return values.size > 0 and np.ptp(values) > 0


def _steepness(values):
    values = values.astype("float64")
    return np.hypot(
        ndimage.sobel(values, 0, mode="nearest"),
        ndimage.sobel(values, 1, mode="nearest"),
    )
