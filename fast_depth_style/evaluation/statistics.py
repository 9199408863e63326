"""Means with bootstrap intervals, and paired comparisons."""

import dataclasses

import numpy as np

RESAMPLES = 2000
SEED = 0


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval.

    Attributes:
        value: The number over all photos.
        low: 2.5th percentile over the resamples.
        high: 97.5th percentile.
        count: Photos that it rests on.
    """

    value: float
    low: float
    high: float
    count: int


def mean(values: np.ndarray) -> Estimate:
    """The mean over photos.

    The interval is the percentile bootstrap's (Efron 1979): the mean of as
    many photos drawn with replacement, `RESAMPLES` times, seeded.

    Args:
        values: (photos,); NaN has no part in it.
    """
    return _estimate(lambda x: x, values)


def difference(values: np.ndarray, reference: np.ndarray) -> Estimate:
    """mean(values) - mean(reference), photo by photo.

    Args:
        values: (photos,).
        reference: (photos,), of the same photos. A photo with NaN in either
            has no part in it.
    """
    return _estimate(lambda x, y: x - y, values, reference)


def ratio(values: np.ndarray, reference: np.ndarray) -> Estimate:
    """mean(values) / mean(reference) over the same photos.

    Each resample draws photos, and takes both means over them: what makes one
    photo harder than another cancels.

    Args:
        values: (photos,).
        reference: (photos,), of the same photos. A photo with NaN in either
            has no part in it.
    """
    return _estimate(_divide, values, reference)


def _divide(x, y):
    return np.divide(x, y, out=np.full(np.shape(x), np.nan), where=y != 0)


def _estimate(combine, *columns):
    columns = np.stack([np.asarray(c, "float64") for c in columns])
    columns = columns[:, np.isfinite(columns).all(axis=0)]
    count = columns.shape[1]
    if count == 0:
        return Estimate(np.nan, np.nan, np.nan, 0)
    value = float(combine(*columns.mean(axis=1)))
    generator = np.random.default_rng(SEED)
    # In blocks: all resamples at once would grow with the photos.
    means = np.concatenate(
        [
            columns[:, generator.integers(count, size=(100, count))].mean(
                axis=2
            )
            for _ in range(RESAMPLES // 100)
        ],
        axis=1,
    )
    combined = combine(*means)
    if np.isnan(combined).any():
        return Estimate(value, np.nan, np.nan, count)
    low, high = np.percentile(combined, (2.5, 97.5))
    return Estimate(value, float(low), float(high), count)
