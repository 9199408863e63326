"""Trains the compact depth network from a random start."""

import dataclasses
import json
import pathlib
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from fast_depth_style.distillation import depth_data
from fast_depth_style.distillation.depth_scores import depth_scores
from fast_depth_style.distillation.normalized_convolution import (
    NormalizedConv2D,
    normalized_unless_last,
)
from fast_depth_style.perception.compact_depth import (
    SIZE,
    CompactDepth,
    compact_depth_body,
)
from fast_depth_style.training.kernel_muon import KernelMuon


@dataclasses.dataclass(frozen=True)
class DepthDistillation:
    """How the compact depth network is trained.

    Attributes:
        steps: Number of steps in all.
        rooms_per_step: Pictures with measured depth in a batch.
        photos_per_step: Pictures with a teacher's depth in a batch.
        photo_weight: What the latter's loss counts beside the former's.
        hint_weight: What the teacher's features count beside depth.
        sizes: Height and width of the pictures: of the first 60 % of the
            steps, of the next 30 %, of the rest.
        learning_rate: At its peak, after the warm-up.
        weight_decay: Decoupled, of kernels.
        average: Momentum of the running mean of the weights that is kept.
        checkpoint_every: Steps between checkpoints.
        seed: Decides the start, the batches and their augmentation.
    """

    steps: int = 3600
    rooms_per_step: int = 10
    photos_per_step: int = 6
    photo_weight: float = 0.5
    hint_weight: float = 1.0
    sizes: tuple[int, int, int] = (96, 128, SIZE)
    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    average: float = 0.998
    checkpoint_every: int = 250
    seed: int = 0


def depth_loss(estimate, target, known):
    """Scale- and shift-invariant loss of inverse depth, with gradients.

    After Ranftl et al. 2020, equations 5 (with means for medians) and 11 (the
    gradients of the difference at four scales, weight 0.5). A tenth of the
    plain absolute difference keeps the scale of the estimate near 1/metre.

    Args:
        estimate: (batch, h, w) float32.
        target: (batch, h, w) float32, inverse depth.
        known: (batch, h, w) float32, 1 where `target` is known, else 0.

    Returns:
        (batch,) float32. A flat target, which has no order to learn, counts
        less the more its spread falls below 5 % of its mean.
    """
    count = ops.sum(known, axis=(1, 2), keepdims=True) + 1e-3

    def mean(x):
        return ops.sum(known * x, axis=(1, 2), keepdims=True) / count

    def normalized(x):
        centred = x - mean(x)
        spread = mean(ops.abs(centred))
        return centred / (spread + 1e-3), spread

    ours, _ = normalized(estimate)
    theirs, spread = normalized(target)
    difference = known * (ours - theirs)
    total = mean(ops.abs(difference))
    for step in (1, 2, 4, 8):
        thin, mask = difference[:, ::step, ::step], known[:, ::step, ::step]
        down = mask[:, 1:] * mask[:, :-1] * ops.abs(thin[:, 1:] - thin[:, :-1])
        right = mask[:, :, 1:] * mask[:, :, :-1]
        right = right * ops.abs(thin[:, :, 1:] - thin[:, :, :-1])
        total += 0.5 * (
            ops.mean(down, axis=(1, 2), keepdims=True)
            + ops.mean(right, axis=(1, 2), keepdims=True)
        )
    informative = ops.minimum(spread / (0.05 * mean(target) + 1e-6), 1.0)
    plain = mean(ops.abs(estimate - target))
    return (informative * total + 0.1 * plain)[:, 0, 0]


class DepthDistiller:
    """The training run in one folder; started again, it continues."""

    def __init__(
        self,
        config: DepthDistillation,
        pictures: depth_data.DepthPictures,
        workdir: pathlib.Path,
    ):
        """Builds the network and picks up the last checkpoint, if any.

        Args:
            config: How to train; kept as config.json in `workdir`.
            pictures: What to learn from, measured and estimated.
            workdir: Folder of the run.
        """
        self.config, self.pictures, self.workdir = config, pictures, workdir
        workdir.mkdir(parents=True, exist_ok=True)
        (workdir / "config.json").write_text(
            json.dumps(dataclasses.asdict(config), indent=2) + "\n"
        )
        keras.utils.set_random_seed(config.seed)
        # Twice as fast as float32 on CPUs with bfloat16 instructions.
        body = compact_depth_body(
            normalized_unless_last, dtype="mixed_bfloat16"
        )
        coarse = body.outputs[1]
        hints = keras.layers.Conv2D(
            depth_data.HINTS,
            1,
            kernel_initializer="zeros",
            dtype="mixed_bfloat16",
            name="hints",
        )(coarse)
        self.body = keras.Model(body.inputs, [body.outputs[0], hints])
        warm_up = min(200, config.steps // 10)
        self.optimizer = KernelMuon(
            keras.optimizers.schedules.CosineDecay(
                config.learning_rate / 50,
                config.steps - warm_up,
                warmup_target=config.learning_rate,
                warmup_steps=warm_up,
            ),
            weight_decay=config.weight_decay,
            global_clipnorm=1.0,
        )
        self.optimizer.exclude_from_weight_decay(
            var_names=["gamma", "beta", "bias"]
        )
        self.optimizer.build(self.body.trainable_variables)
        self.average = [
            tf.Variable(v.value) for v in self.body.trainable_variables
        ]
        self._state = [
            *[v.value for v in self.body.variables],
            *[v.value for v in self.optimizer.variables],
            *self.average,
        ]
        self._restore()

    @property
    def step(self) -> int:
        """Steps done so far."""
        return int(self.optimizer.iterations)

    def run(self, say: Callable[[str], None] = print) -> None:
        """Trains up to the last step, saying now and then how it goes."""
        config, began, first = self.config, time.monotonic(), self.step
        losses = []
        for step in range(first, config.steps):
            part = (step >= 0.6 * config.steps) + (step >= 0.9 * config.steps)
            losses.append(self._learn(step, config.sizes[part]))
            done = step + 1
            if done % 50 == 0 or done == config.steps:
                pace = (time.monotonic() - began) / (done - first)
                rooms, photos, hints = np.mean(losses, axis=0)
                losses = []
                say(
                    f"step {done}/{config.steps}  loss rooms {rooms:.3f}, "
                    f"photos {photos:.3f}, hints {hints:.3f}  "
                    f"{1000 * pace:.0f} ms/step  "
                    f"{pace * (config.steps - done) / 60:.1f} min to go"
                )
            if done % config.checkpoint_every == 0 or done == config.steps:
                self._save()

    def weights(self) -> dict[str, np.ndarray]:
        """The averaged weights as `CompactDepth` takes them.

        Means and variances are those of the averaged weights at the size in
        use, over 60 batches; they are folded into the convolutions.
        """
        kept = [v.numpy() for v in self.body.variables]
        trained = self.body.trainable_variables
        for variable, mean in zip(trained, self.average, strict=True):
            variable.assign(mean)
        for step in range(60):
            rgb, inverse_depth, hints = self._draw(self.config.steps + step)
            seed = tf.constant([self.config.seed + 1, step], tf.int32)
            self._calibrate(rgb, inverse_depth, hints, seed)
        arrays = {}
        for layer in self.body.layers:
            if isinstance(layer, NormalizedConv2D):
                plain = layer.plain_weights()
            elif layer.name == "inverse_depth":
                plain = dict(
                    kernel=layer.kernel.numpy(), bias=layer.bias.numpy()
                )
            else:
                continue
            arrays |= {f"{layer.name}/{k}": v for k, v in plain.items()}
        for variable, value in zip(self.body.variables, kept, strict=True):
            variable.assign(value)
        return arrays

    def _draw(self, step: int) -> list[tf.Tensor]:
        """Pictures, inverse depth and hints of a batch: rooms, then photos."""
        draw = np.random.default_rng((self.config.seed, step))
        measured = self.pictures.measured
        rows = np.concatenate(
            [
                draw.choice(np.flatnonzero(kind), count)
                for kind, count in (
                    (measured, self.config.rooms_per_step),
                    (~measured, self.config.photos_per_step),
                )
            ]
        )
        return [
            tf.constant(self.pictures.rgb[rows]),
            tf.constant(self.pictures.inverse_depth[rows], tf.float32),
            tf.constant(self.pictures.hints[rows], tf.float32),
        ]

    def _learn(self, step: int, size: int) -> tuple[float, float, float]:
        """One step; mean depth loss of rooms and of photos, hint loss."""
        seed = tf.constant([self.config.seed, step], tf.int32)
        losses, hint_loss = self._update(*self._draw(step), seed, size)
        losses, rooms = losses.numpy(), self.config.rooms_per_step
        if not np.isfinite(losses).all():
            raise FloatingPointError(f"the loss is not finite at step {step}")
        return losses[:rooms].mean(), losses[rooms:].mean(), float(hint_loss)

    @tf.function
    def _update(self, rgb, inverse_depth, hints, seed, size):
        config = self.config
        pictures, target, known, hints = depth_data.augment(
            rgb, inverse_depth, hints, seed, size
        )
        weight = tf.constant(
            [1.0] * config.rooms_per_step
            + [config.photo_weight] * config.photos_per_step
        )
        variables = self.body.trainable_variables
        with tf.GradientTape() as tape:
            estimate, seen = [
                tf.cast(x, tf.float32)
                for x in self.body(pictures, training=True)
            ]
            losses = depth_loss(estimate[..., 0], target, known)
            loss = tf.reduce_sum(weight * losses) / tf.reduce_sum(weight)
            hint_loss = tf.reduce_mean(tf.reduce_sum((seen - hints) ** 2, -1))
            loss += config.hint_weight * hint_loss
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        # A short memory at first, so that the random start is forgotten.
        done = tf.cast(self.optimizer.iterations.value, tf.float32)
        keep = tf.minimum(config.average, (1 + done) / (10 + done))
        for mean, variable in zip(self.average, variables, strict=True):
            mean.assign(keep * mean + (1 - keep) * variable.value)
        return losses, hint_loss

    @tf.function
    def _calibrate(self, rgb, inverse_depth, hints, seed):
        size = self.config.sizes[-1]
        pictures = depth_data.augment(rgb, inverse_depth, hints, seed, size)[0]
        self.body(pictures, training=True)

    def _save(self) -> None:
        aside = self.workdir / ".checkpoint.npz"
        arrays = {f"{i:03}": v.numpy() for i, v in enumerate(self._state)}
        np.savez(aside, **arrays)
        aside.replace(self.workdir / "checkpoint.npz")

    def _restore(self) -> None:
        path = self.workdir / "checkpoint.npz"
        if path.is_file():
            with np.load(path) as file:
                for i, variable in enumerate(self._state):
                    variable.assign(file[f"{i:03}"])


def evaluate_rooms(
    network: CompactDepth, rooms: depth_data.DepthPictures
) -> dict[str, float]:
    """Scores a network on rooms with measured depth.

    Args:
        network: Estimates relative inverse depth.
        rooms: Kept out of its training.

    Returns:
        "rooms" (their number), "spearman_median", "spearman_mean",
        "spearman_tenth" (the lowest decile's bound), "delta_1_25" (mean).
    """
    scores = []
    for start in range(0, len(rooms), 16):
        batch = rooms.rgb[start : start + 16].astype(np.float32)
        maps = network(batch)[..., None]
        shape = rooms.inverse_depth.shape[1:]
        maps = tf.image.resize(ops.convert_to_numpy(maps), shape)[..., 0]
        truth = rooms.inverse_depth[start : start + 16].astype(np.float32)
        metres = np.where(truth > 0, 1 / np.where(truth > 0, truth, 1), 0)
        scores += map(depth_scores, maps.numpy(), metres)
    spearman, within = np.transpose(scores)
    return {
        "rooms": len(scores),
        "spearman_median": float(np.median(spearman)),
        "spearman_mean": float(np.mean(spearman)),
        "spearman_tenth": float(np.quantile(spearman, 0.1)),
        "delta_1_25": float(np.mean(within)),
    }
