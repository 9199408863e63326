"""How much of an accelerator's arithmetic a training step uses, under JAX."""

import dataclasses
import itertools
import pathlib
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

import keras
import numpy as np

from fast_depth_style.benchmarking.inputs import (
    random_vgg19,
    trainer_and_photos,
)
from fast_depth_style.perception.vgg19 import LAYERS
from fast_depth_style.requests import RequestError
from fast_depth_style.training import hardware
from fast_depth_style.training.callbacks import StopIfNotFinite
from fast_depth_style.training.deferred_callbacks import DeferredCallbacks
from fast_depth_style.training.losses_log import LossesLog
from fast_depth_style.training.settings import Settings


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of training's arithmetic.

    Attributes:
        name: What it is.
        seconds: Of one call, in the fastest round.
        flop: Floating-point operations of one call, as XLA counts them in the
            program as it was written, before it is optimized.
    """

    name: str
    seconds: float
    flop: float

    @property
    def rate(self) -> float:
        """Operations per second."""
        return self.flop / self.seconds


def measure_training(
    settings: Settings,
    rounds: int,
    calls: int = 20,
    track: Callable = iter,
) -> list[Part]:
    """Times a training step, the parts of it, and what is possible.

    Args:
        settings: An empty `perceptual_network` means VGG19 with random
            weights, which is just as much work.
        rounds: Rounds that count; the fastest is told.
        calls: Calls in a round, one after the other without waiting for the
            host, as in training.
        track: Wraps the sequence of rounds, to show progress.

    Returns:
        A large matrix product, by whose rate the others are judged; the
        network alone, forward and backward; the objective alone, likewise; a
        whole step; and the whole step as a run makes it, its photos handed
        over by the host and its losses logged.

    Raises:
        RequestError: The backend is not JAX, or a network cannot be had.
    """
    if keras.backend.backend() != "jax":
        raise RequestError("benchmark gpu needs KERAS_BACKEND=jax: set it")
    trainer, photos = _start(settings)
    parts = [
        _measure(name, function, arguments, rounds, calls, track)
        for name, function, arguments in (
            _matrix_product(trainer.objective.settings.mixed_precision),
            _network(trainer, photos),
            _objective(trainer, photos),
            _step(trainer, photos),
        )
    ]
    seconds = _fit(trainer, photos, rounds, calls)
    return [*parts, Part("step of a run", seconds, parts[-1].flop)]


def report(parts: Sequence[Part], batch_size: int, steps: int) -> str:
    """A Markdown table and what it means for a run.

    Args:
        parts: As `measure_training` returns them.
        batch_size: Photos per step.
        steps: Length of the run that is told.
    """
    best = parts[0].rate
    lines = [
        "| | ms | GFLOP | TFLOP/s | of the matrix product |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {part.name} | {part.seconds * 1e3:.2f} | {part.flop / 1e9:.1f}"
        f" | {part.rate / 1e12:.3g} | {part.rate / best:.0%} |"
        for part in parts
    ]
    seconds = parts[-1].seconds
    minutes = steps * seconds / 60
    lines += [
        "",
        f"{1 / seconds:.4g} steps/s, {batch_size / seconds:.4g} images/s:"
        f" {steps:,} steps take {minutes:.1f} minutes.",
    ]
    return "\n".join(lines)


def _start(settings):
    with tempfile.TemporaryDirectory() as folder:
        if not settings.perceptual_network:
            path = pathlib.Path(folder, "vgg19.npz")
            np.savez(path, **random_vgg19(LAYERS))
            settings = dataclasses.replace(
                settings, perceptual_network=f"vgg19:{path}"
            )
        return trainer_and_photos(settings)


def _measure(name, function, arguments, rounds, calls, track):
    import jax

    compiled = jax.jit(function).lower(*arguments).compile()
    jax.block_until_ready(compiled(*arguments))
    seconds = []
    for _ in track(range(rounds)):
        start = time.perf_counter()
        for _ in range(calls):
            result = compiled(*arguments)
        jax.block_until_ready(result)
        seconds.append((time.perf_counter() - start) / calls)
    return Part(name, min(seconds), _operations(function, arguments))


def _operations(function, arguments):
    """Floating-point operations of a call, as XLA counts them for a CPU.

    For GPUs it counts before compilation none, and after it none of those in
    convolutions.
    """
    import jax

    shapes = jax.tree.map(
        lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), arguments
    )
    with jax.default_device(jax.devices("cpu")[0]):
        return jax.jit(function).lower(*shapes).cost_analysis()["flops"]


def _matrix_product(bfloat16):
    import jax.numpy as jnp

    side = 8192 if hardware.has_accelerator() else 1024
    square = jnp.ones((side, side), "bfloat16" if bfloat16 else "float32")
    return f"matrix product, {square.dtype}", jnp.matmul, (square, square)


def _network(trainer, photos):
    import jax

    network = trainer.network

    def brightness(trainable, frozen, photos):
        pictures, _ = network.stateless_call(trainable, frozen, photos)
        return pictures.mean()

    arguments = (
        [v.value for v in network.trainable_variables],
        [v.value for v in network.non_trainable_variables],
        photos,
    )
    return "network", jax.grad(brightness), arguments


def _objective(trainer, photos):
    import jax

    objective = trainer.objective
    # At the end of a run, when every term counts.
    step = keras.ops.convert_to_tensor(objective.settings.steps)

    def loss(pictures, frozen, photos):
        terms, _ = objective.stateless_call([], frozen, photos, pictures, step)
        return objective.total(terms, step)

    frozen = [v.value for v in objective.non_trainable_variables]
    return "objective", jax.grad(loss), (255.0 - photos, frozen, photos)


def _step(trainer, photos):
    state = [
        [v.value for v in variables]
        for variables in (
            trainer.trainable_variables,
            trainer.non_trainable_variables,
            trainer.optimizer.variables,
            trainer.metrics_variables,
        )
    ]
    return "step", trainer.train_step, (state, (photos,))


def _fit(trainer, photos, rounds, calls):
    """Seconds of a step in the fastest epoch, the first left out."""
    moments = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        log = LossesLog(
            folder / "losses.csv", 0, sys.maxsize, trainer.objective
        )
        clock = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda *_: moments.append(time.perf_counter())
        )
        callbacks = [StopIfNotFinite(folder, 0), log, clock]
        trainer.fit(
            # A generator, for Keras takes no other iterator.
            ((photos,) for _ in itertools.count()),
            steps_per_epoch=calls,
            epochs=rounds + 1,
            shuffle=False,
            callbacks=DeferredCallbacks(callbacks, trainer),
            verbose=0,
        )
    return float(np.diff(moments).min()) / calls
