"""Power of brush strokes in even regions: skies and walls."""

import numpy as np

from fast_depth_style.evaluation.evaluator import Context, Evaluator, Metric
from fast_depth_style.evaluation.scipy_extra import ndimage

STROKE = np.sqrt(12 * 24)
"""Wavelength that passes whole, in pixels: the middle of 12 to 24."""
WINDOW = 25
"""Side of the square, in pixels, that must be even around a pixel."""
EVEN_DEVIATION = 5.0
"""Largest standard deviation of luminance there, in grey levels."""
EVEN_SHARE = 0.01
"""Least part of a photo that must be even."""


def evaluators(context: Context) -> list[Evaluator]:
    """The power of strokes in the photo's even regions."""
    del context  # Nothing of it is needed.

    def measure(sample):
        even = even_region(sample.photo)
        return [
            {"strokes.even": stroke_power(picture, even)}
            for picture in sample.pictures
        ]

    label = "Stroke power in even regions, grey levels²"
    return [Evaluator([Metric("strokes.even", label, "higher", True)], measure)]


def even_region(photo: np.ndarray) -> np.ndarray:
    """Even regions (sky, water, walls) of a photo: (height, width) bool.

    There the luminance of `WINDOW` x `WINDOW` pixels has a standard deviation
    of at most `EVEN_DEVIATION`.
    """
    values = _luminance(photo)
    mean = ndimage.uniform_filter(values, WINDOW)
    variance = ndimage.uniform_filter(values**2, WINDOW) - mean**2
    return variance <= EVEN_DEVIATION**2


def stroke_power(picture: np.ndarray, region: np.ndarray) -> float:
    """Power of strokes of about 12 to 24 pixels, in squared grey levels.

    The mean over the (height, width) bool `region` of the squared luminance Y
    (Rec. 601) in a band, (e/2) s^2 lap(G_s * Y) with s = `STROKE` / (pi sqrt
    2). It passes waves of 17 pixels whole, of 12 and 27 by half, of 64 by 3 %.
    NaN where the region is less than `EVEN_SHARE` of the picture.
    """
    if np.mean(region) < EVEN_SHARE:
        return np.nan
    sigma = STROKE / (np.pi * np.sqrt(2))
    laplacian = ndimage.gaussian_laplace(_luminance(picture), sigma)
    return float(np.mean((np.e / 2 * sigma**2 * laplacian[region]) ** 2))


def _luminance(rgb):
    return rgb @ np.array([0.299, 0.587, 0.114])
