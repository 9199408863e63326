"""Grey levels, and colour transfer between pictures."""

import numpy as np

from fast_depth_style.images import oklab

_BAND = 1 << 18  # Pixels that are worked on at a time.
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601.


def grey(rgb: np.ndarray) -> np.ndarray:
    """Luma of (height, width, 3) uint8: (height, width) float32, 0..255."""
    return rgb @ _GREY


def match_colors(picture: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Recolours a picture so that mean and covariance are the reference's.

    The linear map of Gatys et al. 2016, "Preserving Color in Neural Artistic
    Style Transfer", in its Image Analogies form: p' = A (p - m_p) + m_r with
    A = S_r^(1/2) S_p^(-1/2), S the covariances of the colours, m their means.
    A picture of one colour takes the reference's mean; colours outside 0..255
    are clipped. All are uint8 (height, width, 3), the reference of any size.
    """
    mean, covariance = _statistics(picture)
    goal_mean, goal_covariance = _statistics(reference)
    matrix = _power(goal_covariance, 0.5) @ _power(covariance, -0.5)
    matched = (picture - mean) @ matrix.T + goal_mean
    return np.clip(np.rint(matched), 0, 255).astype(np.uint8)


def with_colors_of(photo: np.ndarray, painting: np.ndarray) -> np.ndarray:
    """The lightness of a painting with the hue and chroma of its photo.

    The luminance-only transfer of Gatys et al. 2016, in OKLab, where lightness
    and colour do not mix. Where the photo's chroma does not exist at that
    lightness, it is reduced. Both are uint8 (height, width, 3).
    """
    made = np.empty_like(painting)
    step = max(1, _BAND // photo.shape[1])
    for top in range(0, len(photo), step):
        rows = slice(top, top + step)
        lab = oklab.from_srgb(photo[rows])
        lab[..., 0] = oklab.from_srgb(painting[rows])[..., 0]
        made[rows] = oklab.to_srgb(lab)
    return made


def mix(
    painting: np.ndarray, photo: np.ndarray, share: float | np.ndarray
) -> np.ndarray:
    """Mixes a painting and its photo, both (height, width, 3) uint8.

    `share` is that of the painting, 0..1: one, or (height, width) of each
    pixel.
    """
    made = np.empty_like(painting)
    share = np.broadcast_to(np.float32(share), painting.shape[:2])
    step = max(1, _BAND // photo.shape[1])
    for top in range(0, len(photo), step):
        rows = slice(top, top + step)
        weight = share[rows, :, None]
        mixed = weight * painting[rows] + (1 - weight) * photo[rows]
        made[rows] = np.rint(mixed)
    return made


def _statistics(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean colour, (3,), and the colours' covariance, (3, 3)."""
    colors = rgb.reshape(-1, 3).astype(np.float64)
    mean = colors.mean(axis=0)
    centred = colors - mean
    return mean, centred.T @ centred / len(colors)


def _power(covariance: np.ndarray, exponent: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    # A variance below one squared grey level is rounding, not colour.
    least = 1.0 if exponent < 0 else 0.0
    return vectors * np.maximum(values, least) ** exponent @ vectors.T
