"""Builds what a training step needs: networks, objective, optimizer."""

import dataclasses
import math
import pathlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from fast_depth_style.errors import RequestError
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.objective import Objective, style_target
from fast_depth_style.perception import registry
from fast_depth_style.runs import checkpoint
from fast_depth_style.training import hardware
from fast_depth_style.training.optimizer import make_optimizer
from fast_depth_style.training.saved_run import load_network
from fast_depth_style.training.settings import TrainingSettings
from fast_depth_style.training.trainer import StyleTrainer


def build_trainer(
    settings: TrainingSettings, painting: np.ndarray, jit: bool | None
) -> StyleTrainer:
    """Makes the trainer of a run at its first step, compiled.

    The painting comes from `read_painting`, `jit` is that of `train`. A network
    that cannot be had is a `RequestError`.
    """
    policy = "mixed_bfloat16" if settings.mixed_precision else "float32"
    jit = hardware.compiles_well() if jit is None else jit
    fast = keras.backend.backend() == "tensorflow" and not jit
    kernels, compiler = "portable", _unchanged
    if fast:
        # Here, since TensorFlow may not be installed.
        from fast_depth_style.networks.tensorflow_kernels import compiled

        kernels, compiler = "tensorflow_cpu", compiled
    network = ImageTransformationNetwork(
        settings.width, settings.blocks, kernels, dtype=policy
    )
    network.build()
    if settings.initial_model:
        initial = _trained_network(settings.initial_model)
        if initial.get_config() != network.get_config():
            raise RequestError(
                f"--initial_model={settings.initial_model} has width"
                f" {initial.width} and {initial.blocks} blocks: give"
                f" --width={initial.width} --blocks={initial.blocks}"
            )
        network.set_weights(initial.get_weights())
    else:
        draw_weights(network, settings.seed)
    perceptual = teacher = None
    if settings.style_weight or settings.content_weight:
        perceptual = registry.perceptual_network(
            settings.perceptual_network,
            {
                *settings.resolved_style_layers(),
                settings.resolved_content_layer(),
            },
            dtype=policy,
        )
    if settings.teacher and settings.distillation_weight:
        trained = _trained_network(settings.teacher)
        teacher = ImageTransformationNetwork(
            **trained.get_config(), kernels=kernels, dtype=policy
        )
        teacher.build()
        teacher.set_weights(trained.get_weights())
    estimator = None
    if settings.has_depth():
        estimator = registry.depth_network(settings.depth_network, policy)
    objective = Objective(
        settings,
        perceptual,
        estimator,
        [style_target(settings, perceptual, painting)] if perceptual else [],
        teacher,
        # Of the painting, not of the teacher's pictures: flat scenes would
        # outweigh all others.
        float(np.var(painting, axis=(0, 1)).mean()),
        DepthRamp(settings.resolved_depth_from(), settings.steps),
        settings.seed,
        compiler,
    )
    trainer = StyleTrainer(network, objective)
    optimizer = make_optimizer(
        settings.optimizer,
        settings.learning_rate,
        settings.steps,
        settings.decay_from,
    )
    optimizer.build(network.trainable_variables)
    trainer.compile(optimizer=optimizer, jit_compile=jit)
    return trainer


@dataclasses.dataclass(frozen=True)
class DepthRamp:
    """Factor of the depth weight: 0, then up to 1 over a tenth of the run."""

    start: float
    """Part of the run after which depth counts; 0: at once, in full."""
    steps: int

    def __call__(self, step: Any) -> Any:
        """The factor at `step`, an int or a tensor."""
        if not self.start:
            return 1.0
        if isinstance(step, int):  # For the log: no device is to be asked.
            ramp = (step / self.steps - self.start) / 0.1
            return min(max(ramp, 0.0), 1.0)
        done = ops.cast(step, "float32") / self.steps
        return ops.clip((done - self.start) / 0.1, 0.0, 1.0)


def draw_weights(network: keras.Model, seed: int) -> None:
    """Sets a built network's convolution kernels to random numbers.

    Uniform (Glorot, Bengio 2010, eq. 16), as Keras draws them too, but from
    NumPy: the same seed gives the same network on every backend, and in every
    version of it. Weights of other ranks than 4 keep their values.
    """
    # RandomState, because its numbers are fixed for ever.
    random = np.random.RandomState(
        np.random.MT19937(np.random.SeedSequence(seed))
    )
    for weight in network.trainable_variables:
        if len(weight.shape) == 4:
            height, width, inputs, outputs = weight.shape
            limit = math.sqrt(6 / (height * width * (inputs + outputs)))
            weight.assign(random.uniform(-limit, limit, weight.shape))


def _unchanged(function: Callable) -> Callable:
    return function


def _trained_network(path: str) -> ImageTransformationNetwork:
    """Reads a network of a workdir or of an exported model, as float32."""
    folder = pathlib.Path(path)
    if checkpoint.checkpoints(folder / "checkpoints"):
        return load_network(folder)
    # An exported model, which only TensorFlow can read.
    from fast_depth_style.exporting.saved_model import read_network

    return read_network(folder)
