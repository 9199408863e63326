"""How well relative inverse depth agrees with measured depth."""

import numpy as np


def depth_scores(
    inverse_depth: np.ndarray, measured: np.ndarray
) -> tuple[float, float]:
    """Scores one picture's estimate.

    Args:
        inverse_depth: (h, w) estimate, known up to scale and shift.
        measured: (h, w) metres, 0 where unknown.

    Returns:
        Spearman's rank correlation of the estimate with measured inverse
        depth, and the share of pixels whose depth is within a factor of 1.25
        of the measured one after least-squares scale and shift in inverse
        depth (Ranftl et al. 2020, section 6), clipped to 0.1 and 80 metres.
    """
    known = measured > 0
    estimate = inverse_depth[known].astype(np.float64)
    truth = 1 / measured[known].astype(np.float64)
    spearman = np.corrcoef(_ranks(estimate), _ranks(truth))[0, 1]
    design = np.stack([estimate, np.ones_like(estimate)], axis=1)
    aligned = design @ np.linalg.lstsq(design, truth, rcond=None)[0]
    ratio = np.clip(aligned, 1 / 80, 10) / truth
    within = np.maximum(ratio, 1 / ratio) < 1.25
    return float(spearman), float(within.mean())


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0, equal values sharing their mean rank."""
    _, where, counts = np.unique(
        values, return_inverse=True, return_counts=True
    )
    ends = np.cumsum(counts)
    return (ends - (counts + 1) / 2)[where]
