"""How far a depth map is from a target: numbers from two numpy arrays.

Maps are (height, width) of any real type; pixels where the target is NaN are
unknown and count nowhere. Where a number has no meaning (a flat target has no
order to keep), it is NaN.
"""

import numpy as np
from scipy import ndimage, stats

ORDINAL_PAIRS = 5000
ORDINAL_MARGIN = 0.1
EDGE_SHARE = 0.1
EDGE_TOLERANCE = 2


def align(depth: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Scales and shifts `depth` to fit `target`, by least squares.

    min over (s, t) of sum (s depth + t - target)^2 (Ranftl et al. 2020, eq.
    4). The scale may come out negative, which favours an inverted map;
    Spearman and ordinal error tell it.

    Args:
        depth: (height, width).
        target: (height, width), NaN where unknown.

    Returns:
        (height, width) float64 s depth + t; the target's mean where `depth`
        is flat.
    """
    known = np.isfinite(target)
    x, y = _known(depth, target)
    if not x.size or np.ptp(x) == 0:
        mean = y.mean() if y.size else np.nan
        return np.full(known.shape, mean)
    centred = x - x.mean()
    scale = np.mean(centred * (y - y.mean())) / np.mean(centred**2)
    return scale * (depth.astype("float64") - x.mean()) + y.mean()


def squared_difference(depth: np.ndarray, target: np.ndarray) -> float:
    """Mean squared difference, in squared units of the maps.

    The squared L2 distance per pixel: Xu, Zhang, Yang 2017, eq. 4.
    """
    x, y = _known(depth, target)
    return float(np.mean((x - y) ** 2)) if x.size else np.nan


def relative_squared_difference(depth: np.ndarray, target: np.ndarray) -> float:
    """Mean squared difference over the target's variance.

    0 where the map is kept, 1 for an even map at the target's mean; NaN for a
    flat target.
    """
    _, y = _known(depth, target)
    if not _varies(y):
        return np.nan
    return squared_difference(depth, target) / float(np.var(y))


def root_mean_squared_error(depth: np.ndarray, target: np.ndarray) -> float:
    """Root of the mean squared difference, in units of the maps."""
    return float(np.sqrt(squared_difference(depth, target)))


def absolute_relative_error(depth: np.ndarray, target: np.ndarray) -> float:
    """Mean of |depth - target| / target (Eigen et al. 2014); target > 0."""
    x, y = _known(depth, target)
    return float(np.mean(np.abs(x - y) / y)) if x.size else np.nan


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
    """Rank correlation, -1..1, equal values sharing their mean rank.

    0 for a flat map, in which no order is left; NaN for a flat target.
    """
    x, y = _known(depth, target)
    if not _varies(y):
        return np.nan
    if np.ptp(x) == 0:
        return 0.0
    x, y = stats.rankdata(x), stats.rankdata(y)
    x, y = x - x.mean(), y - y.mean()
    return float(np.sum(x * y) / np.sqrt(np.sum(x**2) * np.sum(y**2)))


def ordinal_error(
    depth: np.ndarray, target: np.ndarray, seed: int = 0
) -> float:
    """Share of pixel pairs whose nearer one has changed.

    After Chen et al. 2016 ("Depth in the wild"): `ORDINAL_PAIRS` random pairs,
    of which those count that are further apart in the target than
    `ORDINAL_MARGIN` of its standard deviation. A pair that has become equal
    is half an error, so a flat map gets 0.5, as guessing would.

    Args:
        depth: (height, width).
        target: (height, width), NaN where unknown.
        seed: Which pairs; the same for all maps of one size and mask.

    Returns:
        0..1; NaN for a flat target.
    """
    x, y = _known(depth, target)
    if not _varies(y):
        return np.nan
    pairs = np.random.default_rng(seed).integers(
        y.size, size=(2, ORDINAL_PAIRS)
    )
    wanted = y[pairs[0]] - y[pairs[1]]
    found = x[pairs[0]] - x[pairs[1]]
    apart = np.abs(wanted) > ORDINAL_MARGIN * np.std(y)
    if not apart.any():
        return np.nan
    agreement = np.sign(wanted[apart]) * np.sign(found[apart])
    return float(np.mean((1 - agreement) / 2))


def edge_f_score(depth: np.ndarray, target: np.ndarray) -> float:
    """F-score of depth edges, 0..1 (after Hu et al. 2019, section 4.1).

    An edge is a pixel whose Sobel gradient is above a threshold: the one that
    the steepest tenth (`EDGE_SHARE`) of the target passes. An edge is found if
    there is one of the other map within `EDGE_TOLERANCE` pixels. Pixels beside
    an unknown one are no edges.

    Args:
        depth: (height, width), already in the target's scale: see `align`.
        target: (height, width), NaN where unknown.

    Returns:
        The harmonic mean of precision and recall; NaN where the target has no
        edges.
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
    near = np.ones((2 * EDGE_TOLERANCE + 1,) * 2)
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
