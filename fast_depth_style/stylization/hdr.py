"""Tone-maps HDR video (BT.2100 HLG and PQ) to SDR (BT.709)."""

import functools

import numpy as np

HLG, PQ = 18, 16
"""FFmpeg's numbers of the two transfer functions."""

_SDR_WHITE = 203.0  # cd/m², reference white of HDR: ITU-R BT.2408.
_PEAK = 1000.0  # cd/m² of the display that HLG, and most PQ, is graded on.
_KNEE = 0.75  # Linear light up to which nothing is compressed.

# Linear BT.2020 to BT.709: ITU-R BT.2087.
_TO_709 = np.array(
    [
        [1.6605, -0.5876, -0.0728],
        [-0.1246, 1.1329, -0.0083],
        [-0.0182, -0.1006, 1.1187],
    ],
    np.float32,
)
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)
_STEPS = 4096


def to_sdr(frame: np.ndarray, transfer: int) -> np.ndarray:
    """Tone-maps a frame.

    Reference white stays white; highlights above it are compressed, by one
    factor for the three colours of a pixel, so that hues stay.

    Args:
        frame: (height, width, 3) uint16, non-linear BT.2020 RGB, full range.
        transfer: `HLG` or `PQ`.

    Returns:
        (height, width, 3) uint8, BT.709 for a display of gamma 2.4 (BT.1886).
    """
    light = _light(transfer)[frame]
    if transfer == HLG:
        # The display's gamma, of 1.2 at 1000 cd/m², acts on luminance.
        luma = light @ _LUMA_2020
        light *= (np.maximum(luma, 1e-6) ** 0.2)[..., None]
        light *= _PEAK / _SDR_WHITE
    light = np.maximum(light @ _TO_709.T, 0)
    brightest = light.max(axis=-1, keepdims=True)
    light *= _compress(brightest) / np.maximum(brightest, 1e-6)
    steps = np.rint(np.sqrt(light.clip(0, 1)) * (_STEPS - 1))
    return _display()[steps.astype(np.int32)]


def _compress(light: np.ndarray) -> np.ndarray:
    """Möbius curve: straight to the knee, then smoothly to 1 at the peak."""
    peak, knee = _PEAK / _SDR_WHITE, _KNEE
    a = -(knee**2) * (peak - 1) / (knee**2 - 2 * knee + peak)
    b = (knee**2 - 2 * knee * peak + peak) / (peak - 1)
    scale = (b**2 + 2 * b * knee + knee**2) / (b - a)
    high = np.maximum(light, knee)
    return np.where(light > knee, scale * (high + a) / (high + b), light)


@functools.cache
def _light(transfer: int) -> np.ndarray:
    """Linear light of each 16-bit level: 1 is HLG's peak, or SDR's white."""
    signal = np.arange(65536) / 65535.0
    if transfer == HLG:  # BT.2100, inverse OETF.
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        low, high = signal**2 / 3, (np.exp((signal - c) / a) + b) / 12
        return np.where(signal <= 0.5, low, high).astype(np.float32)
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128  # BT.2100, EOTF of PQ.
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** (1 / m2)
    light = (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return (light * 10_000 / _SDR_WHITE).astype(np.float32)


@functools.cache
def _display() -> np.ndarray:
    """8-bit levels of light, by the root of light, which is finer near 0."""
    light = (np.arange(_STEPS) / (_STEPS - 1)) ** 2
    return np.rint(255 * light ** (1 / 2.4)).astype(np.uint8)
