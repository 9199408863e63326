"""Means with bootstrap intervals, and paired comparisons.

Arguments are (photos,) arrays of the same photos. A photo with NaN in any of
the values compared has no part in it. Each resample takes all means over the
same photos: what makes one photo harder than another cancels.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fast_depth_style.evaluation.scipy_extra import stats

RESAMPLES = 2000
SEED = 0


@dataclass(frozen=True)
class Estimate:
    """A number over `count` photos with the ends of its 95 % interval.

    The interval is that of the percentile bootstrap (Efron 1979): 2.5th and
    97.5th percentile over `RESAMPLES` seeded draws of as many photos.
    """

    value: float
    low: float
    high: float
    count: int


def mean(values: np.ndarray) -> Estimate:
    """The mean over photos."""
    return _estimate(lambda x: x, values)


def difference(values: np.ndarray, reference: np.ndarray) -> Estimate:
    """mean(values) - mean(reference)."""
    return _estimate(lambda x, y: x - y, values, reference)


def ratio(values: np.ndarray, reference: np.ndarray) -> Estimate:
    """mean(values) / mean(reference)."""
    return _estimate(_divide, values, reference)


def recovered(
    values: np.ndarray, reference: np.ndarray, photo: np.ndarray
) -> Estimate:
    """Share of the reference's loss against the photo that is recovered.

    (mean(values) - mean(reference)) / (mean(photo) - mean(reference)).
    """
    return _estimate(
        lambda x, y, z: _divide(x - y, z - y), values, reference, photo
    )


def _divide(x, y):
    return np.divide(x, y, out=np.full(np.shape(x), np.nan), where=y != 0)


def _estimate(combine: Callable, *columns: np.ndarray) -> Estimate:
    values = np.stack([np.asarray(column, "float64") for column in columns])
    values = values[:, np.isfinite(values).all(axis=0)]
    count = values.shape[1]

    def statistic(*samples, axis):
        return combine(*(np.mean(sample, axis=axis) for sample in samples))

    value = float(statistic(*values, axis=-1)) if count else np.nan
    if count < 2 or np.isnan(value):
        return Estimate(value, value, value, count)
    with warnings.catch_warnings():
        # Where a resample has no value, there is no interval.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            tuple(values),
            statistic,
            n_resamples=RESAMPLES,
            batch=100,
            paired=len(values) > 1,
            vectorized=True,
            method="percentile",
            rng=np.random.default_rng(SEED),
        ).confidence_interval
    return Estimate(value, float(found.low), float(found.high), count)
