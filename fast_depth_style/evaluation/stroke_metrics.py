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
    del context

    def measure(sample):
        even = even_region(sample.photo)
        return [
            {"strokes.even": stroke_power(picture, even)}
            for picture in sample.pictures
        ]

    label = "Stroke power in even regions, grey levels²"
    return [Evaluator([Metric("strokes.even", label, "higher", True)], measure)]


def even_region(photo: np.ndarray) -> np.ndarray:
    """Where a (height, width, 3) uint8 photo is even: (height, width) bool.

    A pixel is where the luminance of the `WINDOW` pixels square around it has
    a standard deviation of at most `EVEN_DEVIATION` grey levels: sky, water
    and walls, not leaves.
    """
    values = _luminance(photo)
    mean = ndimage.uniform_filter(values, WINDOW)
    variance = ndimage.uniform_filter(values**2, WINDOW) - mean**2
    return variance <= EVEN_DEVIATION**2


def stroke_power(picture: np.ndarray, region: np.ndarray) -> float:
    """Power of strokes of about 12 to 24 pixels, in squared grey levels.

    The mean over the (height, width) bool `region` of B^2, with B the luminance
    Y (Rec. 601) in a band: B = (e/2) s^2 lap(G_s * Y), the Laplacian of a
    Gaussian of s = `STROKE` / (pi sqrt 2) pixels. A wave of w pixels and
    amplitude A has there A^2/2 (u exp(1 - u))^2 with u = (`STROKE` / w)^2: all
    its power at 17 pixels, half of it at 12 and 27, 3 % at 64, none at 4. NaN
    if the region is less than `EVEN_SHARE` of the picture.
    """
    if np.mean(region) < EVEN_SHARE:
        return np.nan
    sigma = STROKE / (np.pi * np.sqrt(2))
    laplacian = ndimage.gaussian_laplace(_luminance(picture), sigma)
    return float(np.mean((np.e / 2 * sigma**2 * laplacian[region]) ** 2))


def _luminance(rgb):
    return rgb @ np.array([0.299, 0.587, 0.114])
