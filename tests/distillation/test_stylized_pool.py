import numpy as np
import pytest

from fast_depth_style.distillation.stylized_pool import StylizedPool
from fast_depth_style.distillation.varied_pictures import VariedPictures


@pytest.fixture
def pool():
    draw = np.random.default_rng(0)
    photos = [draw.integers(60, 190, (40, 40, 3), np.uint8) for _ in range(3)]
    pictures = VariedPictures(photos[:2], photos[2:], 32)
    return StylizedPool(pictures, 4, np.random.default_rng(1))


def test_pictures_go_down_the_gradient_by_the_rate(pool):
    before = pool.arrays["stylized"].copy()
    pool.arrays["left"][:] = 5
    gradient = np.random.default_rng(2).normal(size=(2, 32, 32, 3))
    pool.move([1, 3], gradient * 1e-4, 4.0, np.random.default_rng(0))
    after = pool.arrays["stylized"]
    np.testing.assert_array_equal(after[[0, 2]], before[[0, 2]])
    moved = after[3] - before[3]
    assert np.sqrt(np.mean(moved**2)) == pytest.approx(4.0, rel=0.1)
    assert np.corrcoef(moved.ravel(), gradient[1].ravel())[0, 1] < -0.9
    np.testing.assert_array_equal(pool.arrays["left"], [5, 4, 5, 4])


def test_a_finished_picture_starts_anew(pool):
    pool.arrays["left"][0] = 1
    photo = pool.arrays["photo"][0].copy()
    pool.move([0], np.ones((1, 32, 32, 3)), 4.0, np.random.default_rng(0))
    assert pool.arrays["left"][0] >= 15
    assert not np.array_equal(pool.arrays["photo"][0], photo)
    assert not pool.arrays["momentum"][0].any()
