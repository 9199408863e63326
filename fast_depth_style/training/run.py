"""A training run; its whole state is its workdir.

    settings.json     what the run is; another run is refused
    checkpoints/      network, optimizer and step; the newest two
    losses.csv, .png  every step's loss, terms and shares
    previews/         picture strips; latest.png is the newest
    tensorboard/      the same for TensorBoard
    skipped.txt       photos that could not be used, and why
    model/            the SavedModel and its card, when the run is done

The same command continues a run where its last checkpoint left it.
"""

import dataclasses
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from fast_depth_style import files
from fast_depth_style.content.batches import batches
from fast_depth_style.content.folder import open_content
from fast_depth_style.content.source import PhotoSource
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import WEIGHTS, shipped_folder
from fast_depth_style.images.painting import read_painting
from fast_depth_style.runs import checkpoint, folder
from fast_depth_style.runs.interrupts import StopBetweenSteps
from fast_depth_style.training import callbacks, hardware
from fast_depth_style.training.build import build_trainer
from fast_depth_style.training.saved_run import (
    load_network,
    run_card,
    steps_done,
)
from fast_depth_style.training.settings import TrainingSettings
from fast_depth_style.training.styles import draw
from fast_depth_style.training.trainer import StyleTrainer

_PREVIEW_PHOTOS = 4
_SOURCES = ("style", "content", "teacher", "initial_model")


def train(
    settings: TrainingSettings,
    workdir: str | os.PathLike[str],
    jit: bool | None = None,
    strategy: str = "none",
) -> pathlib.Path:
    """Trains a style, or continues to; a finished run stays as it is.

    Arguments and errors are those of `api.train`; the folder of the run is
    returned. Ctrl-C and SIGTERM end the run after the current step, with
    everything written, by `KeyboardInterrupt`.
    """
    workdir = files.resolve(workdir, "workdir")
    settings = _resolve_paths(settings)
    paintings = read_paintings(settings)
    files.require_writable(workdir, "workdir")
    stored = folder.read_settings(workdir, "workdir")
    settings = _for_this_machine(settings, stored)
    sources = folder.source_digests(_paths(settings), _SOURCES, workdir)
    folder.require_same_run(
        workdir, settings.to_json(), sources, "workdir", ("steps",)
    )
    if steps_done(workdir) < settings.steps:
        _train(settings, workdir, paintings, sources, jit, strategy)
    elif stored is not None and stored["steps"] != settings.steps:
        folder.write_settings(workdir, settings.to_json(), sources)
    return workdir


def read_paintings(settings: TrainingSettings) -> list[np.ndarray]:
    """The paintings of a run, uint8 RGB, as large as their files."""
    return [read_painting(path) for path in settings.style]


def export_run(workdir: str | os.PathLike[str]) -> pathlib.Path:
    """Exports the network of a finished run to `workdir/model/1`, returned.

    Where only vectors were learned, each style becomes a file beside it, too.
    """
    from fast_depth_style.exporting.saved_model import export_saved_model

    workdir = files.resolve(workdir, "workdir")
    network = load_network(workdir)
    card = run_card(workdir)
    done, steps = card["steps_done"], card["settings"]["steps"]
    if done < steps:
        raise RequestError(
            f"{workdir}: {done} of {steps} steps are done: the command that"
            " began the training continues it"
        )
    if card["settings"]["learn"] == "vectors":
        from fast_depth_style.exporting.style_file import SUFFIX, write_style

        for style in network.styles:
            write_style(network, style, workdir / f"{style}{SUFFIX}", card)
    return export_saved_model(network, workdir / "model", card)


def _resolve_paths(settings: TrainingSettings) -> TrainingSettings:
    changes: dict[str, Any] = {
        "style": tuple(
            str(files.resolve(path, "style"))
            for path in settings.style or ("",)
        )
    }
    for name in _SOURCES[1:]:
        value = getattr(settings, name)
        if shipped_folder(value) and name != "content":
            continue
        if (value or name == "content") and not value.startswith("tfds:"):
            changes[name] = str(files.resolve(value, name))
    return dataclasses.replace(settings, **changes)


def _paths(settings: TrainingSettings) -> dict[str, Any]:
    """The settings as JSON, with the file of the network of the package.

    Another version of the package may bring another network.
    """
    found = settings.to_json()
    for name, value in found.items():
        if shipped := shipped_folder(value):
            found[name] = str(shipped / WEIGHTS)
    return found


def _for_this_machine(
    settings: TrainingSettings, stored: dict[str, Any] | None
) -> TrainingSettings:
    """Decides the precision where it is open, as it was when a run began."""
    mixed = settings.mixed_precision
    if mixed is None and stored:
        mixed = stored.get("mixed_precision")
    if mixed is None:
        mixed = hardware.bfloat16_is_fast()
    return dataclasses.replace(settings, mixed_precision=mixed)


def _train(settings, workdir, paintings, sources, jit, strategy):
    # Everything that may be refused comes before the first file is written;
    # photos last, they may be a download of many GiB.
    with hardware.scope(strategy, settings.batch_size):
        trainer = build_trainer(settings, paintings, jit)
        parameters = trainer.network.count_params()
        # Three checkpoints of weights and two moments, the model, pictures.
        needed = 4 * parameters * (3 * 3 + 2) + 2**25
        files.require_space(workdir, needed, "workdir")
        try:
            start = checkpoint.restore_newest(
                workdir / "checkpoints", trainer.state()
            )
        except ValueError as error:
            raise RequestError(
                f"{error}: delete {workdir} to begin again"
            ) from error
        source = open_content(settings.content, workdir)
        folder.write_settings(workdir, settings.to_json(), sources)
        with folder.locked(workdir, "workdir"):
            _fit(trainer, settings, workdir, source, start)


def _fit(
    trainer: StyleTrainer,
    settings: TrainingSettings,
    workdir: pathlib.Path,
    source: PhotoSource,
    start: int,
) -> None:
    size, every = settings.image_size, settings.preview_every
    sample = next(
        batches(source, size, _PREVIEW_PHOTOS, seed=settings.seed + 1)
    )
    losses = callbacks.Losses(workdir, start, settings, trainer.objective)
    stop = StopBetweenSteps()
    steps = [
        losses,
        callbacks.Checkpoints(
            workdir / "checkpoints", start, settings.checkpoint_every
        ),
        callbacks.Preview(
            workdir / "previews", start, every, sample.astype(np.uint8)
        ),
    ]
    try:
        with stop:
            trainer.fit(
                _batches(source, settings, start),
                steps_per_epoch=settings.steps - start,
                shuffle=False,
                callbacks=callbacks.DeferredCallbacks(steps, trainer, stop),
                verbose=0,
            )
    finally:
        losses.close()
        _write_skipped(workdir, source)
    stop.require_not_stopped(f"step {steps_done(workdir)} of {settings.steps}")


def _batches(
    source: PhotoSource, settings: TrainingSettings, start: int
) -> Iterator[Any]:
    count = settings.batch_size
    arguments = (source, settings.image_size, count, settings.seed, start)
    drawn = draw(settings.seed, count * settings.steps, len(settings.style))
    if not settings.has_depth() and not settings.teacher:
        # Nothing says what the depth dial is to do: its rows stay.
        _, dials = drawn
        dials[:, 0] = 0.0
    left = [each[count * start :] for each in drawn]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        from fast_depth_style.content.batches import content_dataset

        rows = tf.data.Dataset.from_tensor_slices(tuple(left))
        # Of a size that is known, which a strategy keeps.
        rows = rows.batch(count, drop_remainder=True)
        return tf.data.Dataset.zip(content_dataset(*arguments), rows).map(
            lambda photos, row: (photos, *row)
        )
    return (
        (photos, *(each[i * count : (i + 1) * count] for each in left))
        for i, photos in enumerate(batches(*arguments))
    )


def _write_skipped(workdir: pathlib.Path, source: PhotoSource) -> None:
    # A copy: photos may still be being read ahead.
    lines = [
        f"{files.printable(path)}: {why}"
        for path, why in dict(source.skipped).items()
    ]
    if not lines:
        return
    path = workdir / "skipped.txt"
    # What an earlier part of the run met stays.
    earlier = path.read_text("utf-8").splitlines() if path.exists() else []
    lines = list(dict.fromkeys(earlier + lines))
    files.write_text(path, "".join(f"{line}\n" for line in lines))
    print(f"Skipped {len(lines)} photos that cannot be used: see {path}")
