"""A photo, or a folder of photos, from file to file."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterable

import tensorflow as tf

from fast_depth_style.images.files import (
    UnreadablePicture,
    read_picture,
    write_picture,
)
from fast_depth_style.requests import RequestError
from fast_depth_style.stylization import tiles


def stylize_photo(
    model: tf.Module,
    photo: pathlib.Path,
    target: pathlib.Path,
    track: Callable[[Iterable], Iterable] = iter,
) -> None:
    """Stylizes one photo of any size.

    It is read upright (EXIF orientation); transparency and ICC profile are
    kept where the format has them.

    Args:
        model: From `fast_depth_style.serving.saved_model.read_model`.
        photo: What to read.
        target: What to write, whole or not at all, over what is there; its
            folder is made where it is missing. See `plan`.
        track: Goes round the tiles of a large photo; shows progress.

    Raises:
        UnreadablePicture: The photo cannot be decoded.
        RequestError: The photo is gone, or too large for the format.
    """
    picture = read_picture(photo)
    painted = tiles.stylize(model, picture.rgb, track)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_picture(target, dataclasses.replace(picture, rgb=painted))


def stylize_photos(
    model: tf.Module,
    plan: dict[pathlib.Path, pathlib.Path],
    warn: Callable[[str], None],
    track: Callable[[Iterable], Iterable] = iter,
) -> int:
    """Stylizes photos one after the other, and leaves out what it must.

    Args:
        model: From `read_model`.
        plan: {photo: file to write}, from `plan.plan_folder`.
        warn: Is given one line for each photo that is left out.
        track: Goes round the photos; shows progress.

    Returns:
        The number of photos stylized.
    """
    stylized = 0
    for photo in track(plan):
        try:
            stylize_photo(model, photo, plan[photo])
        except (UnreadablePicture, RequestError) as error:
            warn(str(error))
        else:
            stylized += 1
    return stylized
