import numpy as np
import pytest
from PIL import Image
from tiny_material import half

from fast_depth_style.optimization import inputs as masks


def test_a_mask_file_is_grey(tmp_path):
    Image.fromarray(half(6, 8)).convert("RGB").save(tmp_path / "mask.png")

    found = masks.read_mask(tmp_path / "mask.png")

    np.testing.assert_array_equal(found, half(6, 8))


@pytest.mark.parametrize("kind", [np.uint8, bool])
def test_a_mask_of_another_size_is_scaled(kind):
    picture = np.zeros((20, 40, 3), np.uint8)

    (found,) = masks.fit_masks([half(61, 120).astype(kind)], [picture], "m")

    assert found.shape == (20, 40) and found.dtype == np.uint8
    assert (found[:, :18] > 250).all() and (found[:, 22:] < 5).all()


def test_masks_that_overlap_share_their_pixels():
    whole = np.full((4, 6), 255, np.uint8)

    first, second = masks.share_pixels([whole, half(4, 6)])

    assert (
        set(np.unique(first[:, :3])) == {128} == set(np.unique(second[:, :3]))
    )
    assert (first[:, 3:] == 255).all() and (second[:, 3:] == 0).all()
    # Those that leave pixels out stay as they are.
    (alone,) = masks.share_pixels([half(4, 6)])
    np.testing.assert_array_equal(alone, half(4, 6))


def test_a_feature_mask_has_mean_square_one():
    sizes = {(0, "a"): (4, 8), (1, "a"): (2, 4)}

    found = masks.feature_masks(half(16, 32), sizes, "mask 1")

    for key, (height, width) in sizes.items():
        assert found[key].shape == (1, height, width, 1)
        np.testing.assert_allclose(np.mean(found[key] ** 2), 1, rtol=1e-5)
    assert (found[0, "a"][..., 6:, :] < 0.01).all()
