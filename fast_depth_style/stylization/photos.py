"""Stylizes arrays, photos and folders."""

import dataclasses
import errno
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import SHIPPED
from fast_depth_style.files import printable
from fast_depth_style.images.files import write_pictures
from fast_depth_style.images.picture import from_image
from fast_depth_style.images.sequence import PictureSequence, first_only
from fast_depth_style.stylization import video
from fast_depth_style.stylization.frames import FramePainter
from fast_depth_style.stylization.model import choose_engine, load_styled
from fast_depth_style.stylization.output_paths import is_video
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.tiles import Track

_Image = TypeVar("_Image", np.ndarray, Image.Image)


class Counts(NamedTuple):
    """Photos that were painted, not decoded, painted but not written."""

    stylized: int
    unreadable: int
    unwritten: int


def stylize(image: _Image, model: Any = SHIPPED, **settings: Any) -> _Image:
    """Stylizes a picture of any size; gives one of the same kind and size.

    The network is loaded once, and several threads may paint with it.

    Args:
        image: A uint8 array (height, width, 3), RGB; or a Pillow image of any
            mode, which is taken upright and keeps its transparency.
        model: The path of a model, or what `load_styled` gave; by default the
            network of all styles that comes with the package.
        **settings: Fields of `StylizeSettings`, as `style="udnie", depth=0.5`.

    Raises:
        ValueError: It is another kind of array.
        RequestError: There is no such model or style, or a setting is out of
            range.
    """
    chosen = StylizeSettings(**settings)
    picture = from_image(image)
    if isinstance(model, str | os.PathLike):
        height, width = picture.rgb.shape[:2]
        pixels = min(height * width, 1.5 * chosen.paint_pixels)
        model = load_styled(model, choose_engine(chosen, model, pixels))
    painted = paint(model, picture.rgb, chosen)
    return dataclasses.replace(picture, rgb=painted).like(image)


def stylize_photo(
    model: Any,
    photo: pathlib.Path,
    target: pathlib.Path,
    track: Track = iter,
    strip: bool = False,
    settings: StylizeSettings | None = None,
) -> str:
    """Stylizes one photo of any size, all frames or pages of it.

    Transparency, ICC profile and EXIF are kept where the format has them; with
    `strip` EXIF is left out. `target` is written whole or not at all, over what
    is there; its folder is made. `track` goes round the tiles, or the frames.

    Returns:
        What of the file is not in the painting, as one line, or "".

    Raises:
        UnreadablePicture: The photo cannot be decoded.
        RequestError: The photo is gone, or too large for the format.
        OSError: The target cannot be written.
    """
    sequence, settings = PictureSequence(photo), settings or StylizeSettings()
    fits = sequence.fits(target)
    painted, durations = [], []
    many = len(sequence) > 1 and fits
    animated = many and sequence.animated
    steady = animated and settings.steady
    painter = FramePainter(model, dataclasses.replace(settings, steady=steady))
    for picture, milliseconds in track(sequence) if many else sequence:
        rgb = painter.paint(picture.rgb, iter if many else track)
        exif = None if strip else picture.exif
        painted.append(dataclasses.replace(picture, rgb=rgb, exif=exif))
        if animated:
            durations.append(milliseconds)
        if not fits:
            break
    target.parent.mkdir(parents=True, exist_ok=True)
    write_pictures(target, painted, durations, sequence.plays)
    if fits:
        return ""
    suffixes = ".gif, .webp or .png" if sequence.animated else ".tif"
    return f"{first_only(photo, 'painted')}: {suffixes} holds all"


def stylize_photos(
    model: Any,
    targets: Mapping[pathlib.Path, pathlib.Path],
    warn: Callable[[str], None],
    track: Track = iter,
    strip: bool = False,
    settings: StylizeSettings | None = None,
    track_frames: video.Track = lambda frames, total, done: frames,
) -> Counts:
    """Stylizes {photo or video: file to write}, and leaves out what it must.

    `warn` is given one line for each photo of which something is left out.
    `track_frames` goes round the frames of each video.

    Raises:
        OSError: The disk is full.
    """
    stylized = unreadable = unwritten = 0
    for photo in track(targets):
        target = targets[photo]
        try:
            note = ""
            if is_video(photo):
                video.stylize_video(
                    model, photo, target, track_frames, settings
                )
            else:
                note = stylize_photo(
                    model, photo, target, iter, strip, settings
                )
        except RequestError as error:
            unreadable += 1
            note = f"skipped {error}"
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            unwritten += 1
            where = printable(error.filename or target)
            reason = error.strerror or str(error)
            note = f"skipped {printable(photo)}: {where}: {reason}"
        else:
            stylized += 1
        if note:
            warn(note)
    return Counts(stylized, unreadable, unwritten)
