"""Photorealism: the matting Laplacian of the photo, and its loss."""

import numpy as np
import scipy.sparse

EPSILON = 1e-7
"""Levin's regularization of a window's covariance, for colours in 0..1."""

_SIDE = 3
_BAND = 32  # rows of windows at a time, so that they fit in the cache


def matting_laplacian(
    photo: np.ndarray, epsilon: float = EPSILON
) -> scipy.sparse.dia_array:
    """Matting Laplacian of a photo, for windows of 3 x 3 pixels.

    Levin, Lischinski, Weiss 2008, eq. 12: over all windows w that hold both
    pixels i and j, M_ij sums delta_ij - (1 + (I_i - m)^T (S + e/|w|)^(-1)
    (I_j - m)) / |w|, with m and S the mean and the covariance of the window's
    colours. A window's part has its eigenvalues in 0..1 and every pixel lies in
    at most nine windows, so those of M are in 0..9.

    Args:
        photo: (height, width, 3) uint8 RGB. Where a side has fewer than three
            pixels, windows are as narrow as the photo.
        epsilon: Larger tolerates more than recolouring that is affine within
            a window.

    Returns:
        (height * width, height * width) float64, symmetric and positive
        semidefinite, with 25 diagonals; rows are pixels, line by line.
    """
    height, width = photo.shape[:2]
    rows, columns = min(_SIDE, height), min(_SIDE, width)
    channels = np.moveaxis(photo.astype(np.float64) / 255.0, -1, 0)
    # stencil[dy, dx] holds M between each pixel and the one dy, dx further:
    # sums of whole pictures take less time and memory than triplets.
    stencil = np.zeros((2 * rows - 1, 2 * columns - 1, height, width))
    for top in range(0, height - rows + 1, _BAND):
        band = slice(top, min(top + _BAND + rows - 1, height))
        _add_windows(
            stencil[:, :, band], channels[:, band], (rows, columns), epsilon
        )
    return _to_sparse(stencil)


def photorealism(
    laplacian: scipy.sparse.dia_array, picture: np.ndarray
) -> tuple[float, np.ndarray]:
    """Photorealism loss of a picture, and its gradient.

    Luan et al. 2017, eq. 2: the sum over channels of V_c^T M V_c, here with
    colours in 0..1 and divided by the number of pixels, so that a weight suits
    any size. Its gradient is 2 M V, scaled alike.

    Args:
        laplacian: The photo's, from `matting_laplacian`.
        picture: (height, width, 3) RGB in 0..255, of the photo's size.

    Returns:
        The loss, from 0 up, and its gradient by the picture's grey levels,
        (height, width, 3) float64.
    """
    colors = picture.reshape(-1, 3).astype(np.float64) / 255.0
    spread = laplacian @ colors
    pixels = len(colors)
    gradient = 2.0 / (255.0 * pixels) * spread
    return float(np.vdot(colors, spread)) / pixels, gradient.reshape(
        picture.shape
    )


def _add_windows(stencil, channels, window, epsilon):
    """Adds the part of every window that lies in a band of the picture."""
    rows, columns = window
    count = rows * columns
    size = channels.shape[1] - rows + 1, channels.shape[2] - columns + 1
    places = [divmod(place, columns) for place in range(count)]
    # colors[c, k]: channel c of the k-th pixel of every window.
    colors = np.stack(
        [_shifted(channels, place, size) for place in places], axis=1
    )
    colors -= colors.mean(axis=1, keepdims=True)
    colors = _whitened(colors, epsilon / count)
    for i, first in enumerate(places):
        for j, second in enumerate(places[: i + 1]):
            part = -np.einsum("cyx,cyx->yx", colors[:, i], colors[:, j])
            part = (part - 1.0) / count + (i == j)
            for here, there in {(first, second), (second, first)}:
                neighbour = stencil[
                    there[0] - here[0] + rows - 1,
                    there[1] - here[1] + columns - 1,
                ]
                _shifted(neighbour, here, size)[...] += part


def _shifted(array, place, size):
    """The view of `size` that begins at `place`, in the last two axes."""
    top, left = place
    return array[..., top : top + size[0], left : left + size[1]]


def _whitened(colors, ridge):
    """Colours w with w_i . w_j = c_i^T (S + ridge)^(-1) c_j, by window.

    By the LDL^T decomposition of S + ridge, which is stable where a window has
    nearly one colour, and gives a Laplacian that is exactly symmetric.

    Args:
        colors: (3, pixels, ...) centred colours c; S is their covariance.
        ridge: Added to S on its diagonal.

    Returns:
        The same shape.
    """
    (x, y, z), count = colors, colors.shape[1]

    def covariance(a, b):
        return np.einsum("k...,k...->...", a, b) / count

    d1 = covariance(x, x) + ridge
    l21, l31 = covariance(y, x) / d1, covariance(z, x) / d1
    d2 = covariance(y, y) + ridge - l21**2 * d1
    l32 = (covariance(z, y) - l21 * l31 * d1) / d2
    d3 = covariance(z, z) + ridge - l31**2 * d1 - l32**2 * d2
    v = y - l21 * x
    w = z - l31 * x - l32 * v
    return np.stack([x / np.sqrt(d1), v / np.sqrt(d2), w / np.sqrt(d3)])


def _to_sparse(stencil):
    """The matrix of a stencil, (2a - 1, 2b - 1, height, width)."""
    height, width = stencil.shape[2:]
    diagonals = {}
    for down in range(stencil.shape[0]):
        for right in range(stencil.shape[1]):
            # By columns, as SciPy wants them: the matrix is symmetric, so
            # column j holds at offset d what row j holds at -d.
            offset = (down - stencil.shape[0] // 2) * width
            offset += right - stencil.shape[1] // 2
            values = stencil[-1 - down, -1 - right].ravel()
            # Narrow pictures have one offset for several neighbours.
            diagonals[offset] = diagonals.get(offset, 0.0) + values
    size = height * width
    # A diagonal that lies outside holds zeros only.
    diagonals = {o: v for o, v in diagonals.items() if abs(o) < size}
    offsets = sorted(diagonals)
    return scipy.sparse.dia_array(
        (np.stack([diagonals[o] for o in offsets]), offsets),
        shape=(size, size),
    )
