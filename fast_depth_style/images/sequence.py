"""Several pictures of one file: the frames of an animation, pages of a TIFF."""

import os
import pathlib
from collections.abc import Iterator

from fast_depth_style.errors import RequestError
from fast_depth_style.files import printable
from fast_depth_style.images import files
from fast_depth_style.images.picture import Picture


class PictureSequence:
    """The pictures of one file, decoded one after the other; mostly just one.

    Attributes:
        animated: Whether they are frames, with durations.
        plays: How often an animation is shown; 0 is for ever.
    """

    def __init__(self, source: files.Source):
        """Looks into a file, given by its path or content.

        Raises:
            RequestError: As in `files.opened`; all frames together have at
                most `files.MAX_PIXELS`.
        """
        self._source = source
        self._count, self.animated, self.plays = 1, False, 0
        with files.opened(source) as image:
            # Some APNG files hide a still before their frames.
            self._first = int(bool(image.info.get("default_image")))
            count = getattr(image, "n_frames", 1) - self._first
            # MPO holds other views of the picture, PSD its layers.
            if count < 2 or image.format in ("MPO", "PSD"):
                return
            self._count = count
            kinds = ("AVIF", "FLI", "GIF", "PNG", "WEBP")
            self.animated = image.format in kinds
            loop = image.info.get("loop")
            self.plays = loop or 0
            if image.format == "GIF":  # It counts what follows the first time.
                self.plays = 1 if loop is None else loop and loop + 1
            pixels = count * image.width * image.height
            if self.animated and pixels > files.MAX_PIXELS:
                raise ValueError(
                    f"{count} frames of {image.width}x{image.height} are over "
                    f"the limit of {files.MAX_PIXELS // 1_000_000} megapixels"
                )

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def __iter__(self) -> Iterator[tuple[Picture, float]]:
        """Yields each picture and for how many milliseconds it is shown."""
        with files.opened(self._source) as image:
            for number in range(self._first, self._first + self._count):
                if number:
                    image.seek(number)
                picture = files.load(image)
                yield picture, float(image.info.get("duration", 0))

    def fits(self, path: str | os.PathLike[str]) -> bool:
        """Whether a file of this suffix can hold all of it."""
        kinds = (
            (".gif", ".png", ".webp") if self.animated else (".tif", ".tiff")
        )
        return self._count == 1 or pathlib.Path(path).suffix.lower() in kinds


def first_only(path: pathlib.Path, done: str) -> str:
    """A note that only the first of several pictures is `done`, as "painted".

    "" for a single picture.
    """
    sequence = PictureSequence(path)
    if len(sequence) == 1:
        return ""
    what = "frames" if sequence.animated else "pages"
    return (
        f"{printable(path)}: only the first of {len(sequence)} {what} is {done}"
    )


def is_animation(path: str | os.PathLike[str]) -> bool:
    """Whether a file can be read, and is an animation."""
    try:
        return PictureSequence(path).animated
    except RequestError:
        return False
