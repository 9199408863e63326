"""Masks: where a style goes, and where it is taken from."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from fast_depth_style.images.files import UnreadablePicture, read_rgb
from fast_depth_style.images.size import resize
from fast_depth_style.requests import RequestError

_SHAPES_AGREE = 0.02


def read_masks(
    files: Sequence[str], pictures: Sequence[np.ndarray], flag: str
) -> list[np.ndarray]:
    """Reads one mask for each picture, and scales it to the picture's size.

    Args:
        files: Mask files; white is 1, black is 0, grey between.
        pictures: (height, width, 3) what each mask is laid on.
        flag: The flag that named the files, for messages.

    Returns:
        (height, width) uint8 each.

    Raises:
        RequestError: A mask cannot be read, has another shape than its
            picture, or is black everywhere.
    """
    masks = []
    for file, picture in zip(files, pictures, strict=True):
        try:
            mask = np.array(Image.fromarray(read_rgb(file)).convert("L"))
        except UnreadablePicture as error:
            raise RequestError(f"{error}: give a mask as --{flag}") from error
        height, width = picture.shape[:2]
        if not _same_shape(mask.shape, (height, width)):
            raise RequestError(
                f"--{flag}: {file} is {mask.shape[1]}x{mask.shape[0]} pixels"
                f" and its picture {width}x{height}: give a mask of the same"
                " shape; its size may differ"
            )
        if not mask.any():
            raise RequestError(
                f"--{flag}: {file} is black everywhere: paint white what it"
                " is for"
            )
        masks.append(resize(mask, (height, width)))
    return masks


def share_pixels(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Makes masks of one picture add up to at most 1 at each pixel.

    Where they add up to more they are scaled down; where to less, the rest of
    the pixel has no style.

    Args:
        masks: (height, width) uint8 each, all of one size.

    Returns:
        (height, width) uint8 each.
    """
    total = np.sum([mask.astype(np.float64) for mask in masks], axis=0)
    scale = 255.0 / np.maximum(total, 255.0)
    return [np.rint(mask * scale).astype(np.uint8) for mask in masks]


def feature_mask(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A mask for features, such that masked Gram matrices are comparable.

    Luan et al. 2017, eq. 3: features are multiplied by the mask of their
    region before their Gram matrix is taken. Here the mask is also divided by
    its root mean square, so that the Gram matrix, a mean over all pixels, is
    the mean over the region whatever its share of the picture.

    Args:
        mask: (height, width) uint8.
        size: Height and width of the features.

    Returns:
        (1, *size, 1) float32 with mean square 1; zeros where nothing of the
        mask is left at this size.
    """
    small = resize(mask, size).astype(np.float64)
    power = np.sqrt(np.mean(np.square(small)))
    return (small / (power or 1.0)).astype(np.float32)[None, :, :, None]


def _same_shape(first, second):
    # Half a pixel of rounding apart, small pictures included.
    height, width = second
    scale = height * width / (first[0] * first[1])
    errors = (
        abs(side * scale**0.5 - goal) / max(goal, 1 / _SHAPES_AGREE)
        for side, goal in zip(first, second, strict=True)
    )
    return max(errors) <= _SHAPES_AGREE
