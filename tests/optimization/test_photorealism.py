"""The Laplacian against its formula, and against what theory says of it."""

import sys

import numpy as np
import pytest

from fast_depth_style.errors import MissingExtraError
from fast_depth_style.optimization.objective import (
    matting_laplacian,
    photorealism,
)


def _random(height, width, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


def _smooth(height, width):
    y, x = np.mgrid[:height, :width]
    colors = [90 + 60 * np.sin(x / 3 + 2 * c) + 5 * y for c in range(3)]
    return np.clip(np.stack(colors, -1), 0, 255).astype(np.uint8)


def _by_the_formula(photo):
    """Levin's eq. 12, window by window and pair by pair."""
    height, width = photo.shape[:2]
    colors = photo.reshape(-1, 3) / 255.0
    matrix = np.zeros((height * width,) * 2)
    for top in range(height - 2):
        for left in range(width - 2):
            window = [
                (top + dy) * width + left + dx
                for dy in range(3)
                for dx in range(3)
            ]
            centred = colors[window] - colors[window].mean(axis=0)
            spread = centred.T @ centred / 9
            inverse = np.linalg.inv(spread + 1e-7 / 9 * np.eye(3))
            matrix[np.ix_(window, window)] += (
                np.eye(9) - (1 + centred @ inverse @ centred.T) / 9
            )
    return matrix


@pytest.mark.parametrize(
    "photo",
    [_random(6, 7), _random(3, 3), _smooth(9, 8), np.full((7, 6, 3), 40, "u1")],
)
def test_it_is_the_formula_with_eigenvalues_from_0_to_9(photo):
    found = matting_laplacian(photo).toarray()

    np.testing.assert_allclose(found, _by_the_formula(photo), atol=1e-6)
    np.testing.assert_allclose(found, found.T, atol=1e-6)
    values = np.linalg.eigvalsh((found + found.T) / 2)
    assert -1e-6 < values.min() and values.max() < 9 + 1e-6


def test_constants_and_affine_recolourings_cost_nothing():
    photo = _smooth(12, 10)
    laplacian = matting_laplacian(photo)
    recoloured = photo @ np.array(
        [[0.5, 0.2, 0.1], [-0.3, 0.9, 0.0], [0.1, 0.1, 1.2]]
    )

    price, _ = photorealism(laplacian, _random(12, 10, seed=1) * 1.0)

    for free in (np.full((12, 10, 3), 77.0), photo * 1.0, recoloured + 9):
        assert abs(photorealism(laplacian, free)[0]) < 1e-4 * price


@pytest.mark.parametrize("photo", [_random(7, 6), np.full((7, 6, 3), 40, "u1")])
def test_its_gradient_is_the_numerical_one(photo):
    laplacian = matting_laplacian(photo)
    picture = _random(7, 6, seed=1).astype(float)
    direction = np.random.default_rng(2).normal(size=picture.shape)

    _, gradient = photorealism(laplacian, picture)

    higher, _ = photorealism(laplacian, picture + 0.5 * direction)
    lower, _ = photorealism(laplacian, picture - 0.5 * direction)
    np.testing.assert_allclose(
        np.vdot(gradient, direction), higher - lower, rtol=1e-6
    )


def test_without_its_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymatting.laplacian.cf_laplacian", None)

    with pytest.raises(MissingExtraError, match=r"photorealism.*\[optimize\]"):
        matting_laplacian(_random(4, 4))
