"""The public functions that join several packages."""

import os
import pathlib
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from fast_depth_style import files
from fast_depth_style.exporting import export as exports
from fast_depth_style.exporting.settings import ExportSettings
from fast_depth_style.exporting.shipped_card import (
    MOBILE,
    SHIPPED,
    shipped_folder,
)
from fast_depth_style.images.picture import Picture, from_image
from fast_depth_style.optimization.optimize import optimize_arrays
from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.training import run
from fast_depth_style.training.saved_run import read_source
from fast_depth_style.training.settings import TrainingSettings
from fast_depth_style.web import site
from fast_depth_style.web.libraries import find_libraries

_Image = TypeVar("_Image", np.ndarray, Image.Image)


def train(
    settings: TrainingSettings,
    workdir: str | os.PathLike[str],
    jit: bool | None = None,
    strategy: str = "none",
) -> pathlib.Path:
    """Trains a style, or continues to, and exports it as a SavedModel.

    `preset` makes the settings; `workdir` is the whole state of the run. `jit`
    compiles the step with XLA (None: where that is faster); `strategy` is
    "none", or "mirrored" for all devices of this machine.

    Returns:
        The folder of the model, `workdir/model`, for `stylize` and `export`.

    Raises:
        RequestError: The request is wrong; nothing is written.
        NotFiniteError: Training diverged; the last good checkpoint stays.
    """
    run.train(settings, workdir, jit, strategy)
    return run.export_run(workdir).parent


def export(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    settings: ExportSettings | None = None,
) -> list[pathlib.Path]:
    """Exports a training or an exported model, each file verified.

    Args:
        source: The workdir of a training, finished or not, the folder of an
            exported model, "shipped" or "shipped_mobile".
        output: A new or empty folder, or one of an earlier export.
        settings: Formats, sizes and photos.

    Returns:
        What was written: the SavedModel's folder, and files.

    Raises:
        RequestError: There is no network there, or the output cannot be used;
            nothing has been written.
        ExportError: Some files differ from the network and were not kept.
    """
    exports.check_output(output, settings or ExportSettings())
    network, card = read_source(source, "workdir")
    return exports.export(network, output, settings, card=card)


def page(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    libraries: str | os.PathLike[str] | None = None,
) -> pathlib.Path:
    """Writes the page that paints in a browser with a network.

    Args:
        source: As for `export`.
        output: A new or empty folder, or one of an earlier page; returned.
        libraries: Folder of onnxruntime-web; by default where
            `make page-libraries` puts it.

    Raises:
        RequestError: There is no network there, a library is missing or the
            output cannot be used; nothing has been written.
    """
    if not shipped_folder(source):
        files.require_different(
            files.resolve(output, "output"), [files.resolve(source, "model")]
        )
    output = site.check_output(output)
    find_libraries(libraries)
    network, _ = read_source(source, "model")
    camera = read_source(MOBILE, "model")[0] if source == SHIPPED else None
    return site.write_site(network, output, libraries, camera)


def optimize(
    photo: _Image,
    paintings: np.ndarray | Image.Image | Sequence[np.ndarray | Image.Image],
    settings: OptimizationSettings | None = None,
    **others: Any,
) -> _Image:
    """Optimizes the pixels of a picture: no training, any painting, minutes.

    Args:
        photo: A uint8 array (height, width, 3), RGB, or a PIL image.
        paintings: One or several of the same.
        settings: Weights, networks, size, iterations.
        **others: weights, content_masks, style_masks, init: see
            `optimization.inputs.Inputs`.

    Returns:
        The picture, of the kind of the photo, `settings.size` pixels long.

    Raises:
        RequestError: An input does not suit, or a network cannot be had.
        NotFiniteError: The loss is not finite.
    """
    if isinstance(paintings, np.ndarray | Image.Image):
        paintings = [paintings]
    made = optimize_arrays(
        from_image(photo).on_white(),
        [from_image(each).on_white() for each in paintings],
        settings or OptimizationSettings(),
        **others,
    )
    return Picture(made).like(photo)
