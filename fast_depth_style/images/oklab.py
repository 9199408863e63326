"""OKLab (Ottosson 2020): lightness and colour as people see them.

A colour is (L, a, b): L is lightness, 0 black to 1 white; (a, b) is colour, its
length chroma and its direction hue. Greys have a = b = 0, exactly: sums of rows
that are 1 or 0 in theory are written as differences.
"""

import functools

import numpy as np

# Linear sRGB to the responses of the eye's cones, and their cube roots to Lab.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES = np.linalg.inv(_TO_CONES)
_FROM_COLOR = np.linalg.inv(_TO_LAB)[:, 1:]

_STEPS = 4096
_HALVINGS = 10  # Of the chroma of what is out of gamut: to 0.1 %.
_ROUNDING = 2e-5  # Linear light beyond black and white that is no colour.


def from_srgb(rgb: np.ndarray) -> np.ndarray:
    """Colours of sRGB: (…, 3) uint8 to (…, 3) float32."""
    light = _light()[rgb]
    green = light[..., 1:2]
    cones = np.cbrt(green + _times(light - green, _TO_CONES))
    middle = cones[..., 1:2]
    lab = _times(cones - middle, _TO_LAB)
    lab[..., :1] += middle
    return lab


def to_srgb(lab: np.ndarray) -> np.ndarray:
    """(…, 3) float32, with lightness in 0..1, to (…, 3) uint8.

    Colours outside sRGB keep lightness and hue; chroma is reduced until they
    fit.
    """
    light = _linear(lab)
    outside = _excess(light) > _ROUNDING
    if outside.any():
        light[outside] = _linear(_least_greyed(lab[outside]))
    steps = np.rint(np.sqrt(light.clip(0, 1)) * (_STEPS - 1))
    return _levels()[steps.astype(np.int16)]


def _least_greyed(lab: np.ndarray) -> np.ndarray:
    """Reduces the chroma of (n, 3) colours until they are in gamut."""
    kept, step = np.zeros((len(lab), 1), np.float32), np.float32(0.5)
    for _ in range(_HALVINGS):
        tried = kept + step
        inside = _excess(_linear(_with_chroma(lab, tried))) <= _ROUNDING
        kept = np.where(inside[:, None], tried, kept)
        step /= 2
    return _with_chroma(lab, kept)


def _with_chroma(lab: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return np.concatenate([lab[:, :1], lab[:, 1:] * factor], axis=1)


def _linear(lab: np.ndarray) -> np.ndarray:
    """OKLab to linear sRGB, which may leave 0..1."""
    cones = (lab[..., :1] + _times(lab[..., 1:], _FROM_COLOR)) ** 3
    middle = cones[..., 1:2]
    return middle + _times(cones - middle, _FROM_CONES)


def _excess(light: np.ndarray) -> np.ndarray:
    """By how much a colour leaves 0..1."""
    return np.maximum(light.max(-1) - 1, -light.min(-1))


def _times(colors: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return colors @ matrix.T.astype(np.float32)


@functools.cache
def _light() -> np.ndarray:
    """Linear light of the 256 levels (IEC 61966-2-1)."""
    level = np.arange(256) / 255
    curve = ((level + 0.055) / 1.055) ** 2.4
    return np.where(level <= 0.04045, level / 12.92, curve).astype(np.float32)


@functools.cache
def _levels() -> np.ndarray:
    """Levels of light, by the root of light, which is finer near 0."""
    light = (np.arange(_STEPS) / (_STEPS - 1)) ** 2
    curve = 1.055 * light ** (1 / 2.4) - 0.055
    level = np.where(light <= 0.0031308, light * 12.92, curve)
    return np.rint(255 * level).astype(np.uint8)
