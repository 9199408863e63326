import numpy as np
import pytest
from PIL import Image

from fast_depth_style.optimization import masks
from fast_depth_style.requests import RequestError


@pytest.fixture
def file_of(tmp_path):
    """A function from a (height, width) uint8 array to a mask file."""

    def file_of(mask):
        path = tmp_path / f"{mask.shape}.png"
        Image.fromarray(mask).save(path)
        return str(path)

    return file_of


def _half(height, width):
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 255
    return mask


def test_a_mask_of_another_size_is_scaled(file_of):
    picture = np.zeros((20, 40, 3), np.uint8)

    (found,) = masks.read_masks([file_of(_half(61, 120))], [picture], "masks")

    assert found.shape == (20, 40)
    assert (found[:, :18] > 250).all() and (found[:, 22:] < 5).all()


def test_a_mask_of_another_shape_is_one_line(file_of):
    picture = np.zeros((20, 40, 3), np.uint8)

    with pytest.raises(RequestError, match="is 20x20 pixels .* 40x20"):
        masks.read_masks([file_of(_half(20, 20))], [picture], "masks")


def test_a_black_mask_is_one_line(file_of):
    black = np.zeros((20, 40), np.uint8)

    with pytest.raises(RequestError, match="black everywhere"):
        masks.read_masks([file_of(black)], [np.zeros((20, 40, 3))], "masks")


def test_a_mask_that_is_no_picture_is_one_line(tmp_path):
    (tmp_path / "mask.png").write_text("white")

    with pytest.raises(RequestError, match="give a mask as --content_masks"):
        masks.read_masks(
            [str(tmp_path / "mask.png")],
            [np.zeros((4, 4, 3))],
            "content_masks",
        )


def test_masks_that_overlap_share_their_pixels():
    whole = np.full((4, 6), 255, np.uint8)

    first, second = masks.share_pixels([whole, _half(4, 6)])

    assert (
        set(np.unique(first[:, :3])) == {128} == set(np.unique(second[:, :3]))
    )
    assert (first[:, 3:] == 255).all() and (second[:, 3:] == 0).all()


def test_masks_that_leave_pixels_out_stay_as_they_are():
    (found,) = masks.share_pixels([_half(4, 6)])

    np.testing.assert_array_equal(found, _half(4, 6))


def test_a_feature_mask_has_mean_square_one():
    found = masks.feature_mask(_half(16, 32), (4, 8))

    assert found.shape == (1, 4, 8, 1)
    np.testing.assert_allclose(np.mean(found**2), 1, rtol=1e-5)
    assert (found[..., 6:, :] < 0.01).all()


def test_a_feature_mask_of_nothing_is_nothing():
    assert not masks.feature_mask(np.zeros((8, 8), np.uint8), (2, 2)).any()
