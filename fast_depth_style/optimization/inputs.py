"""Inputs of an optimization: photo, paintings, masks."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.images.colors import match_colors
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.size import fit_area, fit_long_side, resize
from fast_depth_style.optimization.settings import OptimizationSettings

_SHAPES_AGREE = 0.04


@dataclasses.dataclass(frozen=True, eq=False)
class Inputs:
    """Photo, paintings and masks; counts and types are checked.

    Attributes:
        photo: (height, width, 3) uint8 RGB, as are paintings and init.
        paintings: Of any sizes.
        weights: Of the paintings, any sum; None weights them equally.
        content_masks: (height, width) bool, or uint8 up to 255, of the photo's
            shape, one per painting: where its style goes; or none.
        style_masks: Likewise, of each painting's shape: where it is taken from.
        init: Where to start; None: as `OptimizationSettings.init` says.
    """

    photo: np.ndarray
    paintings: Sequence[np.ndarray]
    weights: Sequence[float] | None = None
    content_masks: Sequence[np.ndarray] = ()
    style_masks: Sequence[np.ndarray] = ()
    init: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Refuses an array that is no picture, and counts that differ."""
        init = [] if self.init is None else [self.init]
        for rgb in (self.photo, *self.paintings, *init):
            if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
                raise RequestError(
                    f"{rgb.dtype} {rgb.shape} is no picture: give uint8 of"
                    " shape (height, width, 3)"
                )
        count = len(self.paintings)
        for name in ("weights", "content_masks", "style_masks"):
            given = getattr(self, name)
            none = given is None or (name != "weights" and not len(given))
            if not none and len(given) != count:
                raise RequestError(
                    f"{len(given)} {name} for {count} paintings: give one for"
                    " each"
                )

    def fitted(self, settings: OptimizationSettings) -> "Inputs":
        """The photo at the picture's size, paintings recoloured, masks fit."""
        photo = fit_long_side(self.photo, settings.size)
        height, width = photo.shape[:2]
        least = settings.least_side()
        if min(height, width) < least:
            scales = settings.style_scales
            raise RequestError(
                f"the picture is {width}x{height} pixels at"
                f" --size={settings.size}: its short side must have at least"
                f" {least}{f' with --style_scales={scales}' * (scales > 1)}"
            )
        paintings = self.paintings
        if settings.keep_colors:
            paintings = [match_colors(each, photo) for each in paintings]
        photos = [photo] * len(self.content_masks)
        content_masks = fit_masks(self.content_masks, photos, "content_masks")
        style_masks = fit_masks(self.style_masks, paintings, "style_masks")
        return dataclasses.replace(
            self,
            photo=photo,
            paintings=paintings,
            content_masks=share_pixels(content_masks),
            style_masks=style_masks,
        )

    def scaled(
        self, size: tuple[int, int], settings: OptimizationSettings
    ) -> "Inputs":
        """All at the scale at which the picture has the size."""
        area = size[0] * size[1] * settings.style_scale**2
        paintings = [fit_area(painting, area) for painting in self.paintings]
        for index, painting in enumerate(paintings, 1):
            if min(painting.shape[:2]) < settings.least_side():
                raise RequestError(
                    f"--style: painting {index} is too narrow: scaled to the"
                    " picture, its short side has less than the"
                    f" {settings.least_side()} pixels of --style_scales="
                    f"{settings.style_scales}; cut a part out of it"
                )
        masks = zip(self.style_masks, paintings, strict=False)
        return dataclasses.replace(
            self,
            photo=resize(self.photo, size),
            paintings=paintings,
            content_masks=[resize(mask, size) for mask in self.content_masks],
            style_masks=[resize(mask, p.shape[:2]) for mask, p in masks],
        )


def read_mask(file: pathlib.Path) -> np.ndarray:
    """Reads a mask like `read_rgb`: (height, width) uint8, white is 255."""
    return np.array(Image.fromarray(read_rgb(file)).convert("L"))


def fit_masks(
    masks: Sequence[np.ndarray], pictures: Sequence[np.ndarray], flag: str
) -> list[np.ndarray]:
    """Scales each (height, width) mask to its picture's size, as uint8.

    One of another shape than its picture, or all black, is refused.
    """
    found = []
    for index, mask in enumerate(masks):
        if mask.dtype == bool:
            mask = mask.astype(np.uint8) * 255
        height, width = pictures[index].shape[:2]
        high, wide = mask.shape[:2]
        # A pixel of rounding apart, which counts in small pictures.
        tolerance = max(_SHAPES_AGREE, 2 / min(height, width))
        if abs(np.log(high * width / (wide * height))) > tolerance:
            raise RequestError(
                f"--{flag}: mask {index + 1} is {wide}x{high} pixels and its"
                f" picture {width}x{height}: give a mask of the same shape; its"
                " size may differ"
            )
        if not mask.any():
            raise RequestError(
                f"--{flag}: mask {index + 1} is black everywhere: paint white"
                " what it is for"
            )
        found.append(resize(mask, (height, width)))
    return found


def share_pixels(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Scales uint8 masks of one picture down where they add up to over 255.

    Where they add up to less, the rest of the pixel has no style.
    """
    total = np.sum([mask.astype(np.float64) for mask in masks], axis=0)
    scale = 255.0 / np.maximum(total, 255.0)
    return [np.rint(mask * scale).astype(np.uint8) for mask in masks]


def feature_masks(
    mask: np.ndarray,
    sizes: Mapping[tuple[int, str], tuple[int, int]],
    name: str,
) -> dict[tuple[int, str], np.ndarray]:
    """A uint8 mask as (1, height, width, 1) float32, at each of the `sizes`.

    Features are multiplied by it before their Gram matrix is taken (Luan et
    al. 2017, eq. 3). Its mean square is 1: the Gram matrix, a mean over all
    pixels, is then that of the region. A mask that leaves nothing is refused.
    """
    found = {}
    for key, size in sizes.items():
        small = resize(mask, size).astype(np.float64)
        power = np.sqrt(np.mean(np.square(small)))
        if not power:
            raise RequestError(
                f"{name} covers nothing at {key[1]}: paint more of it white"
            )
        found[key] = (small / power).astype(np.float32)[None, :, :, None]
    return found
