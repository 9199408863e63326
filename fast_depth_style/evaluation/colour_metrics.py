"""Colour distance to the painting (sliced Wasserstein)."""

import numpy as np

from fast_depth_style.evaluation.evaluator import Context, Evaluator, Metric

DIRECTIONS = 64
SEED = 0
_BIN, _REACH = 0.25, 200.0
_BINS = int(2 * _REACH / _BIN)

# Linear sRGB to CIE XYZ (IEC 61966-2-1), over the white point D65.
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
) / np.array([[0.95047], [1.0], [1.08883]])


def evaluators(context: Context) -> list[Evaluator]:
    """The distance of each picture's colours to the painting's."""
    painting = colour_distributions(context.painting)

    def measure(sample):
        return [
            {"colour.distance": distance(colour_distributions(each), painting)}
            for each in sample.pictures
        ]

    label = "Colour distance to the painting, ΔE"
    return [
        Evaluator([Metric("colour.distance", label, headline=True)], measure)
    ]


def colour_distributions(rgb: np.ndarray) -> np.ndarray:
    """Cumulative distributions of the colours of (height, width, 3) uint8.

    (`DIRECTIONS`, bins of 0.25), along seeded random directions in CIELAB,
    where equal distances look about equally different; in RGB dark colours
    would hardly count.
    """
    directions = np.random.default_rng(SEED).normal(size=(3, DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    projected = to_lab(rgb).reshape(-1, 3) @ directions.astype("float32")
    bins = ((projected + _REACH) / _BIN).astype("int32")
    bins += np.arange(DIRECTIONS, dtype="int32") * _BINS
    counts = np.bincount(bins.ravel(), minlength=DIRECTIONS * _BINS)
    return np.cumsum(counts.reshape(DIRECTIONS, _BINS), axis=1) / len(bins)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """Sliced Wasserstein-1 distance of two `colour_distributions`, in ΔE.

    The mean over directions of the integral of |F - G| (Rabin et al. 2011;
    Bonneel et al. 2015). A uniform shift by d gives about d / 2.
    """
    return float(np.abs(first - second).sum(axis=1).mean() * _BIN)


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB colours (CIE 1976, D65) of sRGB: (…, 3) uint8 to float32."""
    values = np.arange(256) / 255
    linear = np.where(
        values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4
    )
    xyz = linear.astype("float32")[rgb] @ _TO_XYZ.T.astype("float32")
    root = np.where(
        xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29
    )
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
