"""Optimizes one picture; its state is in wave.run beside wave.png.

    settings.json       what the picture is; another one is refused
    state.npz           the picture where a minimizer last began afresh
    losses.csv, .png    every iteration's loss, terms and shares
    strip.png, steps/   the picture at chosen iterations

The same command continues from state.npz, so that a picture is the same however
often its making was interrupted.
"""

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.images.files import (
    check_suffix,
    read_picture,
    read_rgb,
    write_picture,
)
from fast_depth_style.images.picture import Picture, UnreadablePicture
from fast_depth_style.images.sequence import first_only
from fast_depth_style.images.size import resize
from fast_depth_style.optimization.inputs import Inputs, read_mask
from fast_depth_style.optimization.objective import LossValue
from fast_depth_style.optimization.picture import PictureOptimization, State
from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.runs import folder as runs
from fast_depth_style.runs.interrupts import StopBetweenSteps
from fast_depth_style.runs.losses import LossLog
from fast_depth_style.runs.pictures import contact_sheet, write_png
from fast_depth_style.runs.progress import say

_STRIP_HEIGHT = 256


def optimize_arrays(
    photo: np.ndarray,
    paintings: Sequence[np.ndarray],
    settings: OptimizationSettings,
    **others: Any,
) -> np.ndarray:
    """Makes a picture without reading or writing a file.

    Arguments and errors are those of `api.optimize`, but for arrays alone.
    """
    work = PictureOptimization(settings, Inputs(photo, paintings, **others))
    return work.to_rgb(work.run(work.start()).picture)


def optimize(
    settings: OptimizationSettings,
    output: str | os.PathLike[str],
    perceptual: keras.Model | None = None,
) -> pathlib.Path:
    """Makes a picture file, or continues to.

    Ctrl-C and SIGTERM end the work after the current iteration, with the
    picture so far written.

    `perceptual` may have more layers than the settings; None makes it.

    Returns:
        The folder beside the picture, with the strip and the losses.

    Raises:
        RequestError: Something asked for cannot be had; found before the work
            starts, nothing has been written.
        NotFiniteError: The loss is not finite; the last picture stays.
        KeyboardInterrupt: Ctrl-C was pressed or SIGTERM received.
    """
    output = checked_output(output, [settings])
    folder = run_folder(output)
    photo, work = open_pictures(settings, perceptual)
    for paths in settings.input_files().values():
        for note in filter(None, (first_only(p, "used") for p in paths)):
            say(note)
    require_same_picture(folder, settings)
    state = read_state(folder) or work.start()
    if state.done > settings.iterations:
        raise RequestError(
            f"--iterations={settings.iterations}: {state.done} are done"
            f" already ({files.printable(folder)}): give more, or another"
            " --output"
        )
    # Its masks may be refused too, so it comes before the first file.
    work.objective(state.picture.shape[:2])
    runs.write_settings(folder, settings.to_json(), _sources(settings))
    with runs.locked(folder, "output"):
        _run(settings, work, state, photo, output, folder)
    return folder


def checked_output(
    output: str | os.PathLike[str], made: Iterable[OptimizationSettings]
) -> pathlib.Path:
    """Resolves the path of a picture that is made with a folder beside it.

    It is refused where it is no picture file, cannot be written, or would
    overwrite an input, by itself or by its folder.
    """
    output = files.resolve(output, "output")
    check_suffix(output)
    files.require_writable(output, "output")
    if output.is_dir():
        raise RequestError(
            f"--output={files.printable(output)} is a folder: name a file"
        )
    folder = run_folder(output).resolve()
    for each in made:
        inputs = [*itertools.chain(*each.input_files().values())]
        files.require_different(output, inputs)
        if any(path.resolve().is_relative_to(folder) for path in inputs):
            raise RequestError(
                f"--output={files.printable(output)} would write to"
                f" {files.printable(folder)}, where an input lies: give"
                " another name"
            )
    return output


def run_folder(output: pathlib.Path) -> pathlib.Path:
    """The folder of the picture `output`: wave.run for wave.jpg."""
    return output.with_suffix(".run")


def require_same_picture(
    folder: pathlib.Path, settings: OptimizationSettings
) -> None:
    """Raises `RequestError` where the folder holds another picture's state.

    The number of iterations and those kept for the strip may differ; pictures
    are compared by their content.
    """
    runs.require_same_run(
        folder,
        settings.to_json(),
        _sources(settings),
        "output",
        ("iterations", "strip_at"),
    )


def open_pictures(
    settings: OptimizationSettings, perceptual: keras.Model | None = None
) -> tuple[Picture, PictureOptimization]:
    """The photo, and the optimization of the files that the settings name."""
    found: dict[str, list[Any]] = {}
    for name, paths in settings.input_files().items():
        read = read_mask if name.endswith("_masks") else read_rgb
        try:
            found[name] = [read(path) for path in paths]
        except UnreadablePicture as error:
            raise RequestError(
                f"{error}: give a picture as --{name}"
            ) from error
    inputs = Inputs(
        found["content"][0],
        found["style"],
        [weight for _, weight in settings.paintings()],
        found.get("content_masks", ()),
        found.get("style_masks", ()),
        *found.get("init", ()),
    )
    work = PictureOptimization(settings, inputs, perceptual)
    return read_picture(settings.input_files()["content"][0]), work


def read_state(folder: pathlib.Path) -> State | None:
    """The newest state, None without one; a damaged file is refused."""
    path = folder / "state.npz"
    try:
        found = files.read_arrays(path)
        return State(int(found["done"]), found["picture"])
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError) as error:
        raise RequestError(
            f"{files.printable(path)} cannot be read: delete"
            f" {files.printable(folder)} to begin again"
        ) from error


def _run(
    settings: OptimizationSettings,
    work: PictureOptimization,
    state: State,
    photo: Picture,
    output: pathlib.Path,
    folder: pathlib.Path,
) -> None:
    log = LossLog(
        folder / "losses.csv",
        state.done,
        # A drawing takes as long as many iterations of a small picture.
        max(50, settings.iterations // 20),
        [*settings.weights()],
    )
    alpha = photo.alpha
    if alpha is not None:
        alpha = resize(alpha, work.inputs.photo.shape[:2])

    saved = state.done

    def write() -> None:
        rgb = work.to_rgb(state.picture)
        write_picture(output, dataclasses.replace(photo, rgb=rgb, alpha=alpha))

    def save() -> None:
        nonlocal saved
        with files.replacing(folder / "state.npz") as aside:
            np.savez(aside, done=state.done, picture=state.picture)
        saved = state.done

    def after_round(current: State) -> None:
        nonlocal state
        state = current
        if state.done < settings.iterations:
            save()
            write()

    def after_step(current: State, found: LossValue) -> bool:
        nonlocal state
        state = current
        log.add(state.done, found.loss, found.terms, found.shares)
        if state.done in settings.strip_at:
            _add_to_strip(folder, work, state)
        return stop.signal is None

    stop = StopBetweenSteps()
    try:
        with stop:
            state = work.run(state, after_step, after_round)
            if state.done >= settings.iterations:
                _add_to_strip(folder, work, state)
    finally:
        log.close()
        write()
    if state.done >= settings.iterations:
        # Last: what has this state has all its other files.
        save()
    stop.require_not_stopped(
        f"iteration {state.done} of {settings.iterations}: the picture so far"
        f" is in {files.printable(output)}, the state of iteration {saved} is"
        " kept"
    )


def _add_to_strip(
    folder: pathlib.Path, work: PictureOptimization, state: State
) -> None:
    """Keeps the picture of an iteration, and lays all beside the photo."""
    steps = folder / "steps"
    steps.mkdir(exist_ok=True)
    write_png(
        work.to_rgb(state.picture), steps / f"iteration_{state.done:07d}.png"
    )
    height, width = work.inputs.photo.shape[:2]
    scale = min(1.0, _STRIP_HEIGHT / height)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    kept = sorted(steps.glob("iteration_*.png"))
    row = [work.inputs.photo, *map(read_rgb, kept)]
    sheet = contact_sheet([[resize(each, size) for each in row]])
    write_png(sheet, folder / "strip.png")


def _sources(settings: OptimizationSettings) -> dict[str, str]:
    """{setting: digests of the pictures that it names}."""
    paths = settings.input_files()
    found = runs.source_digests(paths, (*paths,))
    weights = [weight for _, weight in settings.paintings()]
    found["style"] += f" {weights}"
    return found
