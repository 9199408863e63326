import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradient

from fast_depth_style.perception import random_views
from fast_depth_style.perception.random_views import RandomViews

_STEPS = range(0, 600, 2)


@pytest.fixture(scope="module")
def views():
    return RandomViews(seed=3)


def _all(views, picture):
    picture = tf.constant(np.float32(picture)[None])
    show = tf.function(views.recolor)
    return np.stack([show(picture, tf.constant(s))[0] for s in _STEPS])


def test_every_other_step_shows_pictures_as_they_are(views):
    random = np.random.default_rng(5)
    picture = random.uniform(-9, 264, (2, 20, 24, 3)).astype("float32")

    for step in (1, 7, 601, 4095):
        seen = np.asarray(views.recolor(picture, step))
        np.testing.assert_allclose(seen, picture.clip(0, 255), atol=1e-4)
    for step in (0, 6, 600):
        assert np.abs(views.recolor(picture, step) - picture).mean() > 3


@pytest.mark.parametrize("change", ["recolor", "zoom"])
def test_a_step_s_view_is_the_same_again_and_for_every_picture(change):
    def view(pictures, step, seed=3):
        return np.asarray(getattr(RandomViews(seed), change)(pictures, step))

    random = np.random.default_rng(4)
    pictures = random.uniform(0, 255, (2, 20, 28, 3)).astype("f4")
    both = view(pictures, 70)

    np.testing.assert_array_equal(both, view(pictures, 4096 + 70))
    alone = view(pictures[1:], 70)
    np.testing.assert_allclose(both[1:], alone, rtol=1e-6)
    for other in (view(pictures, 72), view(pictures, 70, seed=4)):
        assert np.abs(both - other).mean() > 2


def test_grey_shows_brightness_and_noise(views):
    seen = _all(views, np.full((32, 32, 3), 128.0))

    tints, noise = seen.mean((1, 2)), seen.std((1, 2))
    assert abs(tints.mean() - 128) < 2
    assert 10 < tints.std() < 14
    assert noise.max() < 27 and noise.min() < 1
    assert 11 < noise.mean() < 14


def test_colours_fade_or_glow_and_contrast_changes(views):
    picture = np.full((32, 32, 3), (60.0, 130.0, 190.0))
    seen = _all(views, picture).mean((1, 2))

    spread = (seen[:, 2] - seen[:, 0]) / 130
    assert abs(spread.mean() - 0.9) < 0.05
    assert spread.min() < 0.3 and spread.max() > 1.4

    ramp = np.tile(np.linspace(100, 156, 32)[:, None, None], (1, 32, 3))
    seen = _all(views, ramp)
    slopes = (seen[:, -1] - seen[:, 0]).mean(1) / 56
    assert 0.95 < slopes.mean() < 1.1
    assert 0.15 < slopes.std() < 0.4


def test_blur_is_two_boxes_that_count_what_is_inside():
    picture = np.random.default_rng(2).uniform(0, 255, (1, 7, 9, 3))
    expected = picture[0]
    for _ in range(2):
        before = expected
        expected = np.empty_like(before)
        for i, j in np.ndindex(7, 9):
            around = before[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
            expected[i, j] = around.mean((0, 1))

    seen = random_views._blurred(tf.constant(picture, tf.float32))
    np.testing.assert_allclose(seen[0], expected, rtol=1e-5)


def test_views_stay_in_range_and_pass_a_gradient(views):
    random = np.random.default_rng(1)
    start = random.uniform(100, 156, (1, 12, 10, 3)).astype("float32")
    weights = random.normal(size=start.shape).astype("float32")
    step = next(s for s in _STEPS if views._draws["noise"][s] < 5)

    for view in (views.recolor, views.zoom):
        assert_gradient(
            lambda x, view=view: tf.reduce_sum(view(x, step) * weights),
            start,
            5.0,
        )
    white = np.asarray(views.recolor(np.full_like(start, 255.0), 0))
    assert white.min() >= 0 and white.max() <= 255


@pytest.mark.parametrize(
    "scale, place, expected",
    [
        (1, 0.3, [1, 2, 4, 8]),
        # Half the lines, from the first on: centres 0.25, 0.75, 1.25, 1.75.
        (0.5, 0, [1, 1.25, 1.75, 2.5]),
        # The other half, whose last centre is at 3.75.
        (0.5, 1, [3.5, 5, 7, 8]),
        # Twice the lines: means of neighbours, then of the mirror image.
        (2, 0, [1.5, 6, 6, 1.5]),
        (2, 0.5, [1.5, 1.5, 6, 6]),
    ],
)
@pytest.mark.parametrize("axis", [1, 2])
def test_lines_are_scaled_by_hand(scale, place, expected, axis):
    shape = [4 if i == axis else 1 for i in range(4)]
    x = np.reshape([1.0, 2, 4, 8], shape).astype("float32")

    seen = random_views._scaled(tf.constant(x), axis, scale, place)
    np.testing.assert_allclose(np.ravel(seen), expected, rtol=1e-5)


def test_zooms_reach_from_half_to_twice_each_way():
    ramp = np.linspace(0, 1, 101, dtype="f4")[None, :, None, None]
    views, slopes = RandomViews(seed=0), []
    for step in range(200):
        seen = views.zoom(np.tile(ramp, (1, 1, 2, 1)), step)
        slopes.append(np.abs(np.diff(seen[0, :, 0, 0])).max() * 100)

    assert 0.49 < min(slopes) < 0.55 and 1.9 < max(slopes) < 2.01
    assert 0.9 < np.exp(np.mean(np.log(slopes))) < 1.1
