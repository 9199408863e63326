"""What is measured of a painting that should have no fault."""

import numpy as np


def saturated(picture):
    """Part of the pixels that are pure black or pure white."""
    return (
        np.all(picture == 0, axis=-1) | np.all(picture == 255, axis=-1)
    ).mean()


def border_step(picture):
    """How much the outermost pixels differ from those inside, in grey levels.

    Against the same between neighbours in the middle, so that strokes do not
    count.
    """
    rows = picture.astype(float)
    edge = np.abs(rows[:3].mean((0, 1)) - rows[3:6].mean((0, 1))).mean()
    middle = np.abs(rows[30:33].mean((0, 1)) - rows[33:36].mean((0, 1))).mean()
    return edge - middle


def sky(level):
    """An even slope with a little grain, as clear skies have."""
    rows, columns = np.mgrid[:192, :240]
    grain = np.random.default_rng(level).normal(size=rows.shape)
    grey = level + rows / 5 + columns / 20 + grain
    sky = grey[..., None] * np.array([0.8, 0.95, 1.1])
    return np.clip(sky, 0, 255).astype(np.uint8)


def lattice(picture):
    """Power of what repeats every four pixels, in windows of 24x24.

    The variance within the mean of a window's blocks of 4x4 pixels, in squared
    grey levels, over that of blocks of 3x3 and 5x5: strokes and facets, which
    lie anywhere, leave as much in the one as in the others.
    """
    others = (_repeating(picture, 3) + _repeating(picture, 5)) / 2
    return _repeating(picture, 4) - others


def _repeating(picture, period):
    side = 6 * period
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    windows = picture[: side * rows, : side * columns].astype(float)
    windows = windows.reshape(rows, 6, period, columns, 6, period, 3)
    return windows.mean((1, 4)).var((1, 3)).mean()


def require_flat(paint, shade):
    """A flat picture is painted without saturating."""
    assert saturated(paint(np.full((96, 128, 3), shade, np.uint8))) < 0.01


def require_no_blobs(paint):
    """An even slope from black to white shows strokes, without blobs.

    Whether tones stay in order is seen of photos: strokes fill even slopes.
    """
    ramp = np.linspace(0, 255, 256)[None, :, None]
    picture = paint(np.broadcast_to(ramp, (192, 256, 3)).astype(np.uint8))
    # At the ends the photo itself is black or white, and there the painting
    # may be for some pixels, not for a blob.
    assert saturated(picture) < 0.08
    assert saturated(picture[:, 24:232]) < 0.02
