"""The colours of one picture, given to another."""

import numpy as np

# Below one squared grey level a direction of colour is rounding, not colour.
_LEAST_VARIANCE = 1.0


def match_colors(picture: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Recolours a picture so that mean and covariance are the reference's.

    The linear map of Gatys et al. 2016, "Preserving Color in Neural Artistic
    Style Transfer", in its Image Analogies form: p' = A (p - m_p) + m_r with
    A = S_r^(1/2) S_p^(-1/2), S the covariances of the colours, m their means.

    Args:
      picture: uint8 array (height, width, 3).
      reference: uint8 array (height, width, 3), of any size.

    Returns:
      uint8 array of the picture's size; colours outside 0..255 are clipped. A
      picture of one colour takes the reference's mean.
    """
    mean, covariance = _statistics(picture)
    goal_mean, goal_covariance = _statistics(reference)
    matrix = _power(goal_covariance, 0.5) @ _power(covariance, -0.5)
    matched = (picture - mean) @ matrix.T + goal_mean
    return np.clip(np.rint(matched), 0, 255).astype(np.uint8)


def _statistics(rgb):
    """The mean colour, (3,), and the colours' covariance, (3, 3)."""
    colors = rgb.reshape(-1, 3).astype(np.float64)
    mean = colors.mean(axis=0)
    centred = colors - mean
    return mean, centred.T @ centred / len(colors)


def _power(covariance, exponent):
    values, vectors = np.linalg.eigh(covariance)
    least = _LEAST_VARIANCE if exponent < 0 else 0.0
    return vectors * np.maximum(values, least) ** exponent @ vectors.T
