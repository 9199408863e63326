"""A training run: everything that it is lies in its workdir.

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
import time

import keras
import numpy as np

from fast_depth_style.content.batches import batches
from fast_depth_style.content.source import open_content
from fast_depth_style.images.files import UnreadablePicture, read_rgb
from fast_depth_style.images.size import fit_short_side
from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.perception import registry
from fast_depth_style.requests import RequestError
from fast_depth_style.training import checkpoint, hardware
from fast_depth_style.training.callbacks import (
    Checkpoints,
    StopIfNotFinite,
    StopWhenInterrupted,
)
from fast_depth_style.training.deferred_callbacks import DeferredCallbacks
from fast_depth_style.training.initial_weights import draw_weights
from fast_depth_style.training.kernel_muon import KernelMuon
from fast_depth_style.training.learning_rate import ConstantThenLinear
from fast_depth_style.training.losses_log import LossesLog, read_losses
from fast_depth_style.training.objective import Objective
from fast_depth_style.training.preview import Preview
from fast_depth_style.training.progress import Progress
from fast_depth_style.training.settings import Settings
from fast_depth_style.training.trainer import StyleTrainer
from fast_depth_style.training.workdir import (
    read_settings,
    require_same_run,
    require_space,
    require_writable,
    write_settings,
)

_PREVIEW_PHOTOS = 4
_CARD_STEPS = 100


def train(
    settings: Settings,
    workdir: str | os.PathLike,
    jit: bool | None = None,
    strategy: str = "none",
) -> None:
    """Trains a style, or continues to; a finished run stays as it is.

    Ctrl-C ends the run after the current step, with everything written.

    Args:
        settings: What the run is.
        workdir: Where it lies; made where it does not exist.
        jit: Whether to compile the step with XLA; None does on GPU and TPU,
            and under JAX. On CPUs TensorFlow's own convolutions are faster.
        strategy: "none", or "mirrored" for all devices of this machine.

    Raises:
        RequestError: Something asked for cannot be had; found before training
            starts, nothing has been written.
        NotFiniteError: Training diverged; the last good checkpoint stays.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    workdir = pathlib.Path(workdir)
    try:
        painting = read_rgb(settings.style)
    except UnreadablePicture as error:
        raise RequestError(f"{error}: give a picture as --style") from error
    painting = fit_short_side(painting, settings.style_size)
    require_writable(workdir)
    settings = _resolve(settings, read_settings(workdir))
    require_same_run(workdir, settings)
    if _steps_done(workdir) < settings.steps:
        _train(settings, workdir, painting, jit, strategy)


def export_run(workdir: str | os.PathLike) -> pathlib.Path:
    """Exports the network of a finished run; needs TensorFlow.

    Returns:
        The folder of the exported model.

    Raises:
        RequestError: There is no such run, or it is not finished.
    """
    from fast_depth_style.serving.saved_model import export_saved_model

    workdir = pathlib.Path(workdir)
    network = load_network(workdir)
    settings = read_settings(workdir)
    done = _steps_done(workdir)
    if done < settings.steps:
        raise RequestError(
            f"{workdir}: {done} of {settings.steps} steps are done: the command"
            " that began the training continues it"
        )
    return export_saved_model(
        network, workdir / "model", _card(settings, workdir)
    )


def for_this_machine(settings: Settings) -> Settings:
    """Settings with `mixed_precision` decided, where they leave it open."""
    if settings.mixed_precision is not None:
        return settings
    return dataclasses.replace(
        settings, mixed_precision=hardware.bfloat16_is_fast()
    )


def load_network(workdir: str | os.PathLike) -> Transformer:
    """Loads the network of a run from its newest checkpoint, as float32.

    Raises:
        RequestError: There is no such run, or no checkpoint in it.
    """
    workdir = pathlib.Path(workdir)
    settings = read_settings(workdir)
    found = checkpoint.checkpoints(workdir / "checkpoints")
    if settings is None or not found:
        raise RequestError(f"{workdir} holds no training run with a checkpoint")
    network = Transformer(settings.width, settings.blocks, dtype="float32")
    network.build()
    checkpoint.restore_network(found[-1], network)
    return network


def _resolve(settings, stored):
    """Decides what is left to this machine, as it was where a run began."""
    if settings.mixed_precision is not None or stored is None:
        return for_this_machine(settings)
    return dataclasses.replace(settings, mixed_precision=stored.mixed_precision)


def _steps_done(workdir):
    found = checkpoint.checkpoints(workdir / "checkpoints")
    return checkpoint.checkpoint_step(found[-1]) if found else 0


def _train(settings, workdir, painting, jit, strategy):
    # Everything that may be refused comes before the first file is written;
    # photos last, they may be a download of many GiB.
    with hardware.scope(strategy, settings.batch_size):
        trainer = build_trainer(settings, painting, jit)
        start = _restore(workdir, trainer)
        parameters = trainer.network.count_params()
        # Three checkpoints of weights and two moments, the model, pictures.
        require_space(workdir, 4 * parameters * (3 * 3 + 2) + 2**25)
        source = open_content(settings.content)
        write_settings(workdir, settings.to_json())
        _fit(trainer, settings, workdir, source, start)


def build_trainer(
    settings: Settings, painting: np.ndarray, jit: bool | None
) -> StyleTrainer:
    """Makes the trainer of a run at its first step, compiled.

    Args:
        settings: What the run is.
        painting: (height, width, 3) uint8 RGB, scaled.
        jit: As for `train`.

    Raises:
        RequestError: A network asked for cannot be had.
    """
    policy = "mixed_bfloat16" if settings.mixed_precision else "float32"
    jit = hardware.compiles_well() if jit is None else jit
    network = Transformer(settings.width, settings.blocks, dtype=policy)
    network.build()
    if settings.initial_model:
        _copy_weights(settings.initial_model, network)
    else:
        draw_weights(network, settings.seed)
    perceptual = teacher = None
    if settings.style_weight or settings.content_weight:
        perceptual = registry.perceptual_network(
            settings.perceptual_network,
            {*settings.style_layers, settings.content_layer},
            dtype=policy,
        )
    if settings.teacher:
        trained = _trained_network(settings.teacher)
        teacher = Transformer(**trained.get_config(), dtype=policy)
        teacher.build()
        teacher.set_weights(trained.get_weights())
    objective = Objective(
        settings,
        perceptual,
        registry.depth_network(settings.depth_network, dtype=policy),
        painting,
        teacher,
    )
    if keras.backend.backend() == "tensorflow" and not jit:
        # Here, since TensorFlow may not be installed.
        from fast_depth_style.training.fast_kernels import use_fast_kernels

        use_fast_kernels(objective, *filter(None, (network, teacher)))
    trainer = StyleTrainer(network, objective)
    optimizer = _optimizer(settings)
    optimizer.build(network.trainable_variables)
    trainer.compile(
        optimizer=optimizer,
        jit_compile=jit,
    )
    return trainer


def _optimizer(settings):
    rate = ConstantThenLinear(
        settings.learning_rate, settings.steps, settings.decay_from
    )
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    return KernelMuon(rate, weight_decay=None, adam_weight_decay=None)


def _trained_network(path):
    """Reads a network of a workdir or of an exported model, as float32."""
    if checkpoint.checkpoints(pathlib.Path(path) / "checkpoints"):
        return load_network(path)
    # An exported model, which only TensorFlow can read.
    from fast_depth_style.serving.network import read_network

    return read_network(path)


def _copy_weights(initial_model, network):
    initial = _trained_network(initial_model)
    if initial.get_config() != network.get_config():
        raise RequestError(
            f"--initial_model={initial_model} has width {initial.width} and"
            f" {initial.blocks} blocks: give --width={initial.width}"
            f" --blocks={initial.blocks}"
        )
    network.set_weights(initial.get_weights())


def _restore(workdir, trainer):
    """Restores the newest checkpoint; returns its step."""
    found = checkpoint.checkpoints(workdir / "checkpoints")
    if not found:
        return 0
    try:
        checkpoint.restore_checkpoint(found[-1], trainer)
    except ValueError as error:
        raise RequestError(
            f"{error}: delete that file to continue from the one before it"
        ) from error
    return checkpoint.checkpoint_step(found[-1])


def _fit(trainer, settings, workdir, source, start):
    objective = trainer.objective
    size = settings.image_size
    sample = next(
        batches(source, size, _PREVIEW_PHOTOS, seed=settings.seed + 1)
    )
    folder = workdir / "checkpoints"
    stop = StopWhenInterrupted()
    progress = Progress(start, settings.steps, settings.batch_size, objective)
    callbacks = [
        StopIfNotFinite(folder, start),
        LossesLog(
            workdir / "losses.csv", start, settings.preview_every, objective
        ),
        progress,
        Checkpoints(folder, start, settings.checkpoint_every),
        Preview(
            workdir / "previews",
            start,
            settings.preview_every,
            sample.astype(np.uint8),
        ),
        stop,
    ]
    if keras.backend.backend() == "tensorflow":
        from fast_depth_style.training.tensorboard import TensorBoardLog

        callbacks.append(
            TensorBoardLog(workdir / "tensorboard", start, objective)
        )
    try:
        with stop:
            trainer.fit(
                _batches(source, settings, start),
                steps_per_epoch=settings.steps - start,
                shuffle=False,
                callbacks=DeferredCallbacks(callbacks, trainer),
                verbose=0,
            )
    finally:
        progress.close()
        _write_skipped(workdir, source)
    if stop.interrupted:
        print(
            f"Stopped after step {_steps_done(workdir)} of {settings.steps};"
            " the same command continues."
        )
        raise KeyboardInterrupt


def _batches(source, settings, start):
    arguments = (source, settings.image_size, settings.batch_size)
    if keras.backend.backend() == "tensorflow":
        from fast_depth_style.content.pipeline import content_dataset

        return content_dataset(*arguments, settings.seed, start)
    # Keras wants a tuple of inputs from a generator.
    return ((photos,) for photos in batches(*arguments, settings.seed, start))


def _write_skipped(workdir, source):
    # A copy: photos may still be being read ahead.
    lines = [f"{path}: {why}" for path, why in dict(source.skipped).items()]
    if not lines:
        return
    path = workdir / "skipped.txt"
    # What an earlier part of the run met stays.
    earlier = path.read_text().splitlines() if path.exists() else []
    lines = list(dict.fromkeys(earlier + lines))
    path.write_text("".join(f"{line}\n" for line in lines))
    print(f"Skipped {len(lines)} photos that cannot be used: see {path}")


def _card(settings, workdir):
    rows = read_losses(workdir / "losses.csv")[-_CARD_STEPS:]
    terms = [
        name
        for name in (rows[0] if rows else [])
        if name != "step" and not name.endswith("_share")
    ]
    return {
        "name": pathlib.Path(settings.style).stem,
        "settings": settings.to_json(),
        "final_terms": {
            name: float(np.mean([row[name] for row in rows])) for name in terms
        },
        "exported": time.strftime("%Y-%m-%d"),
    }
