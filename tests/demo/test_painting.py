import numpy as np

from fast_depth_style.demo.painting import paint


def test_the_same_seed_paints_the_same_picture():
    first, second = (paint(48, 64, seed=3) for _ in range(2))
    assert first.shape == (48, 64, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, second)
    assert (first != paint(48, 64, seed=4)).mean() > 0.5


def test_it_is_covered_with_strokes_of_a_rich_palette():
    picture = paint(128, 176).astype(int)
    ground = np.abs(picture - (16, 34, 74)).max(-1) < 8
    assert ground.mean() < 0.1
    warm = picture[..., 0] > picture[..., 2] + 60
    cold = picture[..., 2] > picture[..., 0] + 40
    assert warm.mean() > 0.15
    assert cold.mean() > 0.25
