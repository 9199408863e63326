"""Content photos: where they come from, and their seeded training crops."""

import abc
import functools
import math
import pathlib

import numpy as np

from fast_depth_style.errors import RequestError
from fast_depth_style.images import files, size

MIN_SHORT_SIDE = 32
"""Photos whose short side has fewer pixels are skipped."""

MAX_ZOOM = 1.15
"""A crop covers at least 1 / MAX_ZOOM of the photo's short side: depth losses
compare scenes, and a small detail of a photo is none."""

# Two independent families of random numbers from one seed.
_ORDER, _AUGMENTATION = 0, 1


class PhotoSource(abc.ABC):
    """An endless, shuffled stream of crops that is addressed by position.

    The crop at a position depends on the seed and the position alone, so
    training that is stopped goes on exactly where it was, and any number of
    threads may ask for crops in any order.

    Attributes:
        skipped: Name of every photo found unusable so far -> the reason.
    """

    def __init__(self) -> None:
        """Raises RequestError if there is no usable photo at all."""
        self.skipped: dict[str, str] = {}
        self._unusable: set[int] = set()
        self._next_usable(np.arange(len(self)), 0, MIN_SHORT_SIDE)

    @abc.abstractmethod
    def __len__(self) -> int:
        """Number of photos, the unusable ones included."""

    @abc.abstractmethod
    def _encoded(self, photo: int) -> tuple[str, pathlib.Path | bytes]:
        """Name of a photo and its file, or the bytes of its file."""

    def crop(self, index: int, image_size: int, seed: int) -> np.ndarray:
        """Cuts the crop at a position of the stream.

        Each epoch goes through all photos once, in an order of its own. A
        square that covers 1 / MAX_ZOOM to 1 of the photo's short side is cut
        at a random place, resized with antialiasing and mirrored every other
        time. In place of an unusable photo stands the next usable one of the
        epoch's order. Seeds are not negative.

        Returns:
            uint8 array (image_size, image_size, 3).
        """
        epoch, place = divmod(int(index), len(self))
        # Uniform in [0, 1), of 53 bits each.
        raw = _random_raw((seed, _AUGMENTATION, index), 4)
        zoom, down, right, mirror = ((int(x) >> 11) * 2.0**-53 for x in raw)
        zoom = 1.0 + (MAX_ZOOM - 1.0) * zoom
        order = _order(seed, epoch, len(self))
        rgb = self._next_usable(order, place, math.ceil(image_size * zoom))
        height, width = rgb.shape[:2]
        side = min(height, width) / zoom
        top, left = down * (height - side), right * (width - side)
        box = (top, left, top + side, left + side)
        crop = size.resize(rgb, (image_size, image_size), box)
        return np.ascontiguousarray(crop[:, ::-1]) if mirror < 0.5 else crop

    def _next_usable(
        self, order: np.ndarray, place: int, short_side: int
    ) -> np.ndarray:
        """Decodes the first usable photo from a place of an order on."""
        for step in range(len(order)):
            photo = order[(place + step) % len(order)]
            rgb = self._read(int(photo), short_side)
            if rgb is not None:
                return rgb
        name, reason = next(iter(self.skipped.items()))
        raise RequestError(
            f"none of the {len(self)} photos can be used, the first is "
            f"{name}: {reason}"
        )

    def _read(self, photo: int, short_side: int) -> np.ndarray | None:
        """Decodes a photo, perhaps smaller; None where it is unusable."""
        if photo in self._unusable:
            return None
        name, encoded = self._encoded(photo)
        try:
            rgb = files.read_rgb(encoded, max(short_side, MIN_SHORT_SIDE))
        except RequestError as error:
            where = "picture" if isinstance(encoded, bytes) else name
            reason = str(error).removeprefix(f"{where}: ")
        else:
            height, width = rgb.shape[:2]
            if min(height, width) >= MIN_SHORT_SIDE:
                return rgb
            reason = (
                f"{width}x{height} is too small, the short side needs "
                f"{MIN_SHORT_SIDE} pixels"
            )
        self.skipped[name] = reason
        self._unusable.add(photo)
        return None


@functools.lru_cache(maxsize=4)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    """The order of the photos in an epoch, a permutation of 0..count-1."""
    return np.argsort(_random_raw((seed, _ORDER, epoch), count), kind="stable")


def _random_raw(entropy: tuple[int, ...], count: int) -> np.ndarray:
    # Raw bits, because NumPy keeps those the same in all its versions, and
    # the methods of its Generator not: a run may outlive an upgrade.
    words = [int(word) for word in entropy]
    return np.random.PCG64(np.random.SeedSequence(words)).random_raw(count)
