"""Keras's `fit` with checkpoints, so that the same call continues a run."""

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
from distillation_settings import Distillation

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.runs import checkpoint
from fast_depth_style.training.optimizer import KernelMuon


def make_optimizer(
    settings: Distillation, **kwargs: Any
) -> keras.optimizers.Optimizer:
    """Muon with a warm-up, then a cosine to zero; keeps a running mean.

    `kwargs` are for `KernelMuon`.
    """
    steps = settings.epochs * settings.steps_per_epoch
    warm_up = min(200, max(1, steps // 10))
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate / 50,
        max(1, steps - warm_up),
        warmup_target=settings.learning_rate,
        warmup_steps=warm_up,
    )
    return KernelMuon(
        schedule,
        global_clipnorm=1.0,
        use_ema=True,
        ema_momentum=0.998,
        **kwargs,
    )


def fit(
    model: keras.Model,
    state: Sequence[Any],
    batches: Callable[[int], tf.data.Dataset],
    settings: Distillation,
    workdir: pathlib.Path,
) -> None:
    """Trains up to the last epoch; the weights are then the running mean.

    The model is compiled with an optimizer of `make_optimizer`; `state` are the
    variables that a checkpoint keeps beside the optimizer's; `batches` gives
    the batches from a step on. After each epoch checkpoints/ and losses.csv are
    written into the workdir; one that holds another run is a `RequestError`.
    """
    epochs, steps_per_epoch = settings.epochs, settings.steps_per_epoch
    optimizer = model.optimizer
    optimizer.build(model.trainable_variables)
    kept = checkpoint.named("network", state)
    kept |= checkpoint.named("optimizer", optimizer.variables)
    folder = workdir / "checkpoints"
    try:
        start = checkpoint.restore_newest(folder, kept)
    except ValueError as error:
        raise RequestError(f"{error}: give another --workdir") from error
    files.mark_own_folder(workdir, "run")

    def save(epoch: int, logs: Any) -> None:
        checkpoint.save_checkpoint(folder, (epoch + 1) * steps_per_epoch, kept)

    if start < epochs * steps_per_epoch:
        model.fit(
            batches(start),
            initial_epoch=start // steps_per_epoch,
            epochs=epochs,
            steps_per_epoch=steps_per_epoch,
            shuffle=False,
            verbose=2,
            callbacks=[
                keras.callbacks.LambdaCallback(on_epoch_end=save),
                keras.callbacks.CSVLogger(workdir / "losses.csv", append=True),
            ],
        )
    # `fit` does so too, but not where all steps were done before.
    optimizer.finalize_variable_values(model.trainable_variables)
