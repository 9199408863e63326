"""The Laplacian against its formula, and against what theory says of it."""

import time

import numpy as np
import pytest
import scipy.sparse.linalg

from fast_depth_style.optimization.matting_laplacian import (
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


def _by_the_formula(photo, epsilon):
    """Levin's eq. 12, window by window and pair by pair."""
    height, width = photo.shape[:2]
    colors = photo.reshape(-1, 3) / 255.0
    side, across = min(3, height), min(3, width)
    matrix = np.zeros((height * width,) * 2)
    for top in range(height - side + 1):
        for left in range(width - across + 1):
            window = [
                (top + dy) * width + left + dx
                for dy in range(side)
                for dx in range(across)
            ]
            count = len(window)
            mean = colors[window].mean(axis=0)
            centred = colors[window] - mean
            spread = centred.T @ centred / count
            inverse = np.linalg.inv(spread + epsilon / count * np.eye(3))
            for i in window:
                for j in window:
                    product = (colors[i] - mean) @ inverse @ (colors[j] - mean)
                    matrix[i, j] += (i == j) - (1 + product) / count
    return matrix


@pytest.mark.parametrize(
    "size", [(6, 7), (4, 3), (3, 3), (5, 2), (1, 6), (6, 1), (2, 2), (1, 1)]
)
@pytest.mark.parametrize("epsilon", [1e-7, 1e-2])
def test_it_is_the_formula_on_any_size(size, epsilon):
    photo = _random(*size)

    found = matting_laplacian(photo, epsilon).toarray()

    np.testing.assert_allclose(
        found, _by_the_formula(photo, epsilon), atol=1e-6
    )


@pytest.mark.parametrize("photo", [_random(9, 8), _smooth(9, 8)])
def test_it_is_symmetric_with_eigenvalues_from_0_to_9(photo):
    matrix = matting_laplacian(photo).toarray()

    np.testing.assert_allclose(matrix, matrix.T, atol=1e-6)
    values = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    assert values.min() > -1e-6
    assert values.max() < 9 + 1e-6


def test_constants_and_affine_recolourings_cost_nothing():
    photo = _smooth(12, 10)
    laplacian = matting_laplacian(photo)
    noise = _random(12, 10, seed=1)
    recoloured = photo @ np.array(
        [[0.5, 0.2, 0.1], [-0.3, 0.9, 0.0], [0.1, 0.1, 1.2]]
    )

    price, _ = photorealism(laplacian, noise.astype(float))
    for free in (np.full((12, 10, 3), 77.0), photo * 1.0, recoloured + 9):
        assert abs(photorealism(laplacian, free)[0]) < 1e-4 * price


def test_a_recolouring_that_differs_from_place_to_place_costs_little():
    photo = _smooth(24, 24)
    laplacian = matting_laplacian(photo)
    slowly = np.linspace(0.5, 1.5, 24)[None, :, None]
    shuffled = photo[np.random.default_rng(0).permutation(24)]

    price, _ = photorealism(laplacian, photo * slowly)

    assert 0 < price < 0.05 * photorealism(laplacian, shuffled * 1.0)[0]


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


def test_descent_with_steps_below_the_bound_falls_and_above_it_explodes():
    """With M's largest eigenvalue m, x - r 2 M x shrinks if r m < 1."""
    laplacian = matting_laplacian(_random(16, 16))
    start = _random(16, 16, seed=1).astype(float)
    ((largest,), _) = scipy.sparse.linalg.eigsh(laplacian, k=1, which="LA")

    def descend(rate):
        picture, losses = start, []
        for _ in range(60):
            loss, gradient = photorealism(laplacian, picture)
            losses.append(loss)
            # In colours 0..1 of the unscaled eq. 2.
            picture = picture - rate * gradient * 255.0**2 * 16 * 16
        return np.array(losses)

    falling = descend(0.95 / largest)
    assert (np.diff(falling) < 0).all() and falling[-1] < 0.2 * falling[0]
    assert descend(1.05 / largest)[-1] > 100 * falling[0]
    # Luan's weight, 1e4, with a step that suits all other terms.
    assert largest * 1e4 * 1e-3 > 1


def test_512_pixels_would_take_less_than_ten_seconds():
    photo = _random(256, 256)

    start = time.process_time()
    laplacian = matting_laplacian(photo)

    # Bands of rows: time grows with the pixels, here a quarter.
    assert time.process_time() - start < 10 / 4
    assert laplacian.data.shape == (25, 256 * 256)
