import numpy as np
import pytest
from PIL import Image

from fast_depth_style.images import motion


def _photo(seed=0, height=180, width=240):
    """Blobs of all sizes, in colour."""
    random = np.random.default_rng(seed)
    rgb = np.zeros((height, width, 3))
    for step, strength in ((40, 140), (12, 80), (5, 40)):
        small = random.random((height // step + 1, width // step + 1, 3))
        image = Image.fromarray((255 * small).astype(np.uint8))
        image = image.resize((width, height), Image.Resampling.BICUBIC)
        rgb += strength / 255 * (np.asarray(image) - 128.0)
    return np.rint(rgb + 128).clip(0, 255).astype(np.uint8)


def _view(rgb, scale, y, x, noise=0):
    """The middle of a photo: a pixel p shows scale * p + (y, x)."""
    image = Image.fromarray(rgb).transform(
        (200, 140),
        Image.Transform.AFFINE,
        (scale, 0, x, 0, scale, y),
        Image.Resampling.BICUBIC,
    )
    random = np.random.default_rng(noise)
    seen = np.asarray(image) + random.normal(0, noise, (140, 200, 3))
    return np.rint(seen).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "scale,y,x", [(1, 20, 20), (1, 21.4, 27.7), (0.96, 22, 24)]
)
def test_motion_is_found_to_a_fraction_of_a_pixel(scale, y, x):
    photo = _photo()
    before, now = _view(photo, 1, 20, 20, 3), _view(photo, scale, y, x, 3)
    found = motion.find_motion(before, now)
    rows, columns = np.indices(found.shape[:2]) + 0.5
    rows, columns = rows / found.shape[0] * 140, columns / found.shape[1] * 200
    expected = np.stack(
        [(scale - 1) * rows + y - 20, (scale - 1) * columns + x - 20], -1
    )
    error = np.hypot(*np.moveaxis(found * [140, 200] - expected, -1, 0))
    assert np.median(error) < 0.25
    assert np.percentile(error[12:-12, 12:-12], 95) < 0.7
    moved = motion.warp(before, found).astype(int)
    inside = ~motion.outside(found, 140, 200)
    assert np.abs(moved - now)[inside].mean() < 6


def test_what_was_outside_is_known():
    photo = _photo()
    found = motion.find_motion(_view(photo, 1, 20, 20), _view(photo, 1, 20, 28))
    outside = motion.outside(found, 140, 200)
    assert outside[20:-20, -6:].all() and not outside[20:-20, 4:-12].any()
    assert (motion.warp(np.full((140, 200, 3), 9, "u1"), found) > 0).any(
        -1
    ).mean() == pytest.approx(1 - outside.mean(), abs=0.02)


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (17, 13), (64, 400)])
def test_even_and_small_frames_stand_still(shape):
    frame = np.full((*shape, 3), 90, np.uint8)
    found = motion.find_motion(frame, frame)
    assert np.abs(found).max() < 1e-6
    np.testing.assert_array_equal(motion.warp(frame, found), frame)


def test_what_stands_stays_while_something_passes():
    photo = _photo()
    frames = [_view(photo, 1, 20, 20, noise=noise) for noise in (5, 6)]
    thing = _photo(3)[:50, :40]
    for frame, x in zip(frames, (40, 47), strict=True):
        frame[60:110, x : x + 40] = thing
    found = motion.find_motion(*frames)
    still = np.ones((140, 200), bool)
    still[45:125, 25:102] = False
    # Of a pixel.
    assert np.quantile(np.abs(found[still] * [140, 200]), 0.97) < 0.1
    np.testing.assert_allclose(
        np.median(found[70:100, 52:80], axis=(0, 1)) * [140, 200],
        [0, -7],
        atol=0.5,
    )


def test_window_means():
    plane = np.random.default_rng(0).random((9, 11)).astype(np.float32)
    padded = np.pad(plane, 2, mode="edge")
    expected = [
        [padded[y : y + 5, x : x + 5].mean() for x in range(11)]
        for y in range(9)
    ]
    found = motion.window_means(plane, 2)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_cut_is_told_from_motion_noise_and_light():
    photo = _photo()
    frame = _view(photo, 1, 20, 20)
    same = {
        "pan": _view(photo, 1, 21, 30),
        "zoom": _view(photo, 0.94, 24, 26),
        "noise": _view(photo, 1, 20, 20, 15),
        "light": np.rint(0.9 * frame).astype(np.uint8),
        "nothing": frame,
    }
    other = frame.copy()
    other[40:100, 60:120] = 255 - other[40:100, 60:120]
    same["a thing that appears"] = other
    for name, now in same.items():
        assert not motion.is_cut(frame, now), name
    cut = {
        "another photo": _view(255 - _photo(1) // 2, 1, 20, 20),
        "black": np.zeros_like(frame),
        "mirrored, in other colours": np.ascontiguousarray(
            frame[:, ::-1, [2, 0, 1]]
        ),
    }
    for name, now in cut.items():
        assert motion.is_cut(frame, now) and motion.is_cut(now, frame), name
    black = np.random.default_rng(0).integers(0, 4, (2, 140, 200, 3), "u1")
    assert not motion.is_cut(*black)
