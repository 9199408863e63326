"""Builds what a training step needs: networks, objective, optimizer."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from fast_depth_style.errors import RequestError
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.objective import Objective
from fast_depth_style.perception import registry
from fast_depth_style.training import hardware
from fast_depth_style.training.optimizer import make_optimizer
from fast_depth_style.training.saved_run import read_source
from fast_depth_style.training.settings import TrainingSettings
from fast_depth_style.training.styles import PaintingGrams
from fast_depth_style.training.trainer import StyleTrainer


def build_trainer(
    settings: TrainingSettings,
    paintings: Sequence[np.ndarray],
    jit: bool | None,
) -> StyleTrainer:
    """Makes the trainer of a run at its first step, compiled.

    Paintings come from `read_paintings`, `jit` is that of `train`. A network
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
        settings.width,
        settings.blocks,
        settings.style_names(),
        settings.dials,
        kernels,
        dtype=policy,
    )
    network.build()
    if settings.initial_model:
        initial, _ = read_source(settings.initial_model, "initial_model")
        if (initial.width, initial.blocks) != (network.width, network.blocks):
            raise RequestError(
                f"--initial_model={settings.initial_model} has width"
                f" {initial.width} and {initial.blocks} blocks: give"
                f" --width={initial.width} --blocks={initial.blocks}, or"
                " --preset=balanced, which begins with random weights"
            )
        if settings.learn == "vectors" and initial.dials != network.dials:
            raise RequestError(
                f"--initial_model={settings.initial_model}: its styles have"
                f" {'' if initial.dials else 'no '}dials, and so must one that"
                f" is added: give --{'' if initial.dials else 'no'}dials"
            )
        start_from(network, initial)
        if settings.learn == "vectors":
            network.freeze_convolutions()
    else:
        draw_weights(network, settings.seed)
    perceptual = teacher = None
    if settings.style_weight or settings.content_weight:
        perceptual = registry.perceptual_network(
            settings.perceptual_network,
            settings.layers(),
            dtype=policy,
        )
    if settings.teacher and settings.distillation_weight:
        trained, _ = read_source(settings.teacher, "teacher")
        if trained.styles != network.styles and len(trained.styles) > 1:
            raise RequestError(
                f"--teacher={settings.teacher} paints"
                f" {', '.join(trained.styles)}: name these --style files"
            )
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
        [],
        teacher is not None,
        # Of the paintings, not of the teacher's pictures: flat scenes would
        # outweigh all others.
        float(np.mean([np.var(each, axis=(0, 1)) for each in paintings])),
        DepthRamp(settings.resolved_depth_from(), settings.steps),
        settings.seed,
        compiler,
    )
    grams = PaintingGrams(
        settings,
        perceptual,
        paintings,
        settings.style_size,
        settings.stroke_range if settings.dials else 1.0,
        settings.style_rise if settings.dials else None,
    )
    trainer = StyleTrainer(network, objective, grams, teacher)
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


def start_from(
    network: ImageTransformationNetwork, initial: ImageTransformationNetwork
) -> None:
    """Gives a network the convolutions of another, and a start of its styles.

    A style that the other has begins as it is there, any other as the mean of
    all: far closer to a painting than scales of 1.
    """
    for one, other in zip(network.variables, initial.variables, strict=True):
        if one is not network.table:
            one.assign(other)
    known = ops.convert_to_numpy(initial.table)
    table = ops.convert_to_numpy(network.table).copy()
    rows = min(known.shape[1], table.shape[1])
    for row, name in zip(table, network.styles, strict=True):
        start = known.mean(axis=0)
        if name in initial.styles:
            start = known[initial.styles.index(name)]
        row[:rows] = start[:rows]
    network.table.assign(table)


def _unchanged(function: Callable) -> Callable:
    return function
