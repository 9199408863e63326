"""Distils the compact perceptual network from VGG19.

The student regresses VGG19's features, projected onto their leading principal
components, on pictures of every kind (`varied_pictures`) and on pictures that
are being stylized against the student itself: a style network goes wherever
the student's loss falls, so the student must be right there, too. Each picture
comes with a disturbed one, and the *change* of the features is a target of its
own: agreement of finite differences is what makes gradients agree (Czarnecki
et al. 2017, "Sobolev Training for Neural Networks").
"""

import dataclasses
import pathlib
import time
from collections.abc import Callable
from concurrent import futures

import keras
import numpy as np
import tensorflow as tf

from fast_depth_style.distillation.principal_components import (
    LAYERS,
    Components,
    principal_components,
)
from fast_depth_style.distillation.stylized_pool import StylizedPool
from fast_depth_style.distillation.varied_pictures import VariedPictures
from fast_depth_style.losses.content import relative_content_loss
from fast_depth_style.losses.style import gram_matrix, relative_style_loss
from fast_depth_style.perception.compact_perceptual import (
    compact_perceptual_body,
)
from fast_depth_style.perception.vgg19 import VGG19
from fast_depth_style.training.kernel_muon import KernelMuon

_CONTENT_LAYER = "relu3_1"


@dataclasses.dataclass(frozen=True)
class PerceptualDistillation:
    """What a distillation is made of; the defaults made the shipped weights.

    Attributes:
        steps: Gradient steps.
        picture_size: Side of the training pictures in pixels.
        fresh: Pictures per step drawn anew; as many disturbed ones join them.
        pooled: Pictures per step out of the pool that is stylized against the
            student; as many further disturbed ones join them.
        pool_size: Pictures in that pool.
        pool_from: Step at which the pool joins in.
        pixel_rate: How far one step moves a pooled picture, in grey levels
            (root mean square).
        learning_rate: Peak of the rate; rises over `warm_up` steps, then
            follows a cosine to one hundredth.
        warm_up: Steps of rising rate.
        gram_weight: Weight of the Gram matrices beside the features.
        change_weight: Weight of the change under disturbance beside them.
        seed: Of everything random.
        checkpoint_every: Steps between checkpoints.
        judged_size: Side of the pictures on which the result is compared with
            VGG19, in pixels.
        judged_steps: Steps of painting by gradient descent in that comparison.
    """

    steps: int = 9000
    picture_size: int = 96
    fresh: int = 3
    pooled: int = 2
    pool_size: int = 24
    pool_from: int = 400
    pixel_rate: float = 4.0
    learning_rate: float = 4e-3
    warm_up: int = 100
    gram_weight: float = 1.0
    change_weight: float = 0.5
    seed: int = 0
    checkpoint_every: int = 250
    judged_size: int = 128
    judged_steps: int = 60


def regression_loss(
    student: dict[str, tf.Tensor],
    targets: dict[str, tf.Tensor],
    gram_weight: float,
    change_weight: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    """How far the student's features are from their targets.

    Every term is relative to the power of its target, picture by picture:
    features to their variance over the picture plus a tenth of their power,
    Gram matrices to their squared norm, changes to their power.

    Args:
        student: {layer: (2 n, h, w, components)}; the second half are the
            disturbed pictures of the first.
        targets: The same of the teacher.
        gram_weight: Weight of the Gram matrices.
        change_weight: Weight of the changes.

    Returns:
        Scalar, and the (layers, 3) unweighted terms: feature, Gram, change.
    """
    rows = []
    for name in LAYERS:
        features = tf.cast(student[name], tf.float32)
        error = features - targets[name]
        power = _mean_square(targets[name])
        mean = tf.reduce_mean(targets[name], axis=(1, 2), keepdims=True)
        variance = power - _mean_square(mean)
        feature = tf.reduce_mean(
            _mean_square(error) / (variance + 0.1 * power + 1e-6)
        )
        gram, wanted = gram_matrix(features), gram_matrix(targets[name])
        gram = tf.reduce_mean(
            tf.reduce_sum((gram - wanted) ** 2, axis=(1, 2))
            / tf.reduce_sum(wanted**2, axis=(1, 2))
        )
        first, second = tf.split(error, 2)
        before, after = tf.split(targets[name], 2)
        change = tf.reduce_mean(
            _mean_square(second - first)
            / (_mean_square(after - before) + 1e-3 * power[: len(power) // 2])
        )
        rows.append([feature, gram, change])
    terms = tf.convert_to_tensor(rows)
    weights = tf.constant([1.0, gram_weight, change_weight])
    return tf.reduce_sum(tf.reduce_mean(terms, axis=0) * weights), terms


def _mean_square(maps):
    return tf.reduce_mean(maps**2, axis=(1, 2, 3))


class _Trainer:
    """The state of a distillation, and its steps."""

    def __init__(self, config, teacher, components, pictures):
        self.config = config
        self.teacher = teacher
        self.components = components
        self.pictures = pictures
        keras.utils.set_random_seed(config.seed)
        self.student = compact_perceptual_body(dtype="mixed_bfloat16")
        self.optimizer = KernelMuon(
            adam_weight_decay=None, weight_decay=None, global_clipnorm=1.0
        )
        self.optimizer.build(self.student.trainable_variables)
        self.pool = StylizedPool(
            pictures, config.pool_size, np.random.default_rng(config.seed)
        )
        self.step = 0

    def fresh_batch(self, step):
        """The fresh pictures of a step, and the disturbed ones."""
        rng = np.random.default_rng((self.config.seed, 1, step))
        first = [self.pictures.varied(rng) for _ in range(self.config.fresh)]
        second = [self.pictures.disturbed(one, rng) for one in first]
        return np.stack(first), np.stack(second)

    def train_step(self, fresh):
        """One step on a fresh batch and the pool; returns the terms."""
        config = self.config
        first, second = fresh
        if self.step >= config.pool_from:
            rng = np.random.default_rng((config.seed, 2, self.step))
            indices = rng.choice(config.pool_size, config.pooled, False)
            now = {k: v[indices] for k, v in self.pool.arrays.items()}
            gradients = self._picture_gradient(
                *(now[k] for k in ("stylized", "photo", "painting")),
                now["content_weight"],
            ).numpy()
            before = now["stylized"]
            # The change that the next steps make, in places the disturbances
            # of other pictures: what stylizing does, and what it should do.
            scale = np.exp(rng.uniform(0, np.log(30), (config.pooled, 1, 1, 1)))
            spread = gradients.std(axis=(1, 2, 3), keepdims=True) + 1e-12
            after = before - scale * gradients / spread
            if rng.random() < 0.3:
                after = np.stack(
                    [self.pictures.disturbed(one, rng) for one in before]
                )
            first = np.concatenate([first, before])
            second = np.concatenate([second, np.clip(after, -60, 315)])
            self.pool.move(indices, gradients, config.pixel_rate, rng)
        self.optimizer.learning_rate.assign(self._rate())
        batch = np.concatenate([first, second]).astype(np.float32)
        loss, terms = self._update(batch)
        self.step += 1
        return float(loss), terms.numpy()

    def _rate(self):
        config = self.config
        if self.step < config.warm_up:
            return config.learning_rate * (self.step + 1) / config.warm_up
        done = (self.step - config.warm_up) / max(
            1, config.steps - config.warm_up
        )
        share = 0.5 * (1 + np.cos(np.pi * min(1, done)))
        return config.learning_rate * (0.01 + 0.99 * share)

    def targets(self, pictures):
        """The teacher's features in components of about unit variance."""
        maps = self.teacher(pictures)
        return {
            name: tf.cast(maps[name], tf.float32)
            @ (self.components.bases[name] / self.components.scales[name])
            for name in LAYERS
        }

    @tf.function(reduce_retracing=True)
    def _update(self, pictures):
        targets = self.targets(pictures)
        with tf.GradientTape() as tape:
            loss, terms = regression_loss(
                self.student(pictures, training=True),
                targets,
                self.config.gram_weight,
                self.config.change_weight,
            )
        variables = self.student.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss, terms

    @tf.function(reduce_retracing=True)
    def _picture_gradient(self, stylized, photo, painting, content_weight):
        wanted = self.student(tf.concat([photo, painting], 0))
        photo_maps = tf.split(wanted[_CONTENT_LAYER], 2)[0]
        with tf.GradientTape() as tape:
            tape.watch(stylized)
            maps = self.student(stylized)
            loss = 0.0
            for i in range(self.config.pooled):
                one = slice(i, i + 1)
                painted = slice(
                    self.config.pooled + i, self.config.pooled + i + 1
                )
                loss += relative_style_loss(
                    {n: gram_matrix(maps[n][one]) for n in LAYERS},
                    {n: gram_matrix(wanted[n][painted]) for n in LAYERS},
                ) + content_weight[i] * relative_content_loss(
                    maps[_CONTENT_LAYER][one], photo_maps[one]
                )
        return tape.gradient(loss, stylized)

    def save(self, path):
        """Writes everything a resumed run needs, aside and renamed."""
        arrays = {f"pool/{k}": v for k, v in self.pool.arrays.items()}
        for i, v in enumerate(self.student.variables):
            arrays[f"student/{i}"] = v.numpy()
        for i, v in enumerate(self.optimizer.variables):
            arrays[f"optimizer/{i}"] = v.numpy()
        _write(path, {"step": self.step, **arrays})

    def restore(self, path):
        """Continues where `save` was called."""
        with np.load(path) as file:
            self.step = int(file["step"])
            for key in self.pool.arrays:
                self.pool.arrays[key] = file[f"pool/{key}"]
            for i, v in enumerate(self.student.variables):
                v.assign(file[f"student/{i}"])
            for i, v in enumerate(self.optimizer.variables):
                v.assign(file[f"optimizer/{i}"])

    def weights(self):
        """The student's arrays by name, in VGG19's units."""
        arrays = {}
        for layer in self.student.layers:
            if layer.weights:
                scale = self.components.scales.get(layer.name, 1.0)
                kernel, bias = layer.get_weights()
                arrays[f"{layer.name}/kernel"] = kernel * scale
                arrays[f"{layer.name}/bias"] = bias * scale
        return arrays


def distill_perceptual(
    config: PerceptualDistillation,
    vgg19: str,
    pictures: VariedPictures,
    workdir: pathlib.Path,
    say: Callable[[str], None] = print,
) -> dict[str, np.ndarray]:
    """Trains the student, or continues to.

    Args:
        config: Numbers of the run.
        vgg19: VGG19 weight file, or "imagenet".
        pictures: What to train on.
        workdir: Holds the checkpoint; the same call continues.
        say: Takes the lines of progress.

    Returns:
        The student's weights, as `CompactPerceptual` takes them.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    teacher = VGG19(LAYERS, vgg19, dtype="mixed_bfloat16")
    components = _components(teacher, pictures, config.seed, workdir)
    say(
        "variance kept by the components: "
        + ", ".join(f"{k} {v:.3f}" for k, v in components.kept.items())
    )
    trainer = _Trainer(config, teacher, components, pictures)
    checkpoint = workdir / "checkpoint.npz"
    if checkpoint.exists():
        trainer.restore(checkpoint)
        say(f"continuing at step {trainer.step}")
    with futures.ThreadPoolExecutor(1) as drawing:
        begin, first, recent = time.monotonic(), trainer.step, []
        ahead = drawing.submit(trainer.fresh_batch, trainer.step)
        while trainer.step < config.steps:
            fresh = ahead.result()
            ahead = drawing.submit(trainer.fresh_batch, trainer.step + 1)
            loss, terms = trainer.train_step(fresh)
            if not np.isfinite(loss):
                raise FloatingPointError(f"loss {loss} at step {trainer.step}")
            recent.append([loss, *terms.ravel()])
            if trainer.step % 50 == 0 or trainer.step == config.steps:
                pace = (time.monotonic() - begin) / (trainer.step - first)
                say(_progress(trainer.step, config.steps, recent, pace))
                recent = []
            if trainer.step % config.checkpoint_every == 0:
                trainer.save(checkpoint)
    trainer.save(checkpoint)
    return trainer.weights()


def _components(teacher, pictures, seed, workdir):
    """Those of an earlier start of the run, or new ones."""
    path = workdir / "components.npz"
    if path.exists():
        with np.load(path) as file:
            parts = [
                {name: file[f"{name}/{field.name}"] for name in LAYERS}
                for field in dataclasses.fields(Components)
            ]
        return Components(*parts)
    rng = np.random.default_rng((seed, 0))
    sample = np.stack([pictures.varied(rng) for _ in range(96)])
    components = principal_components(teacher, sample)
    _write(
        path,
        {
            f"{name}/{field}": value
            for field, values in vars(components).items()
            for name, value in values.items()
        },
    )
    return components


def _write(path, arrays):
    """Writes an .npz aside and renames it."""
    aside = path.with_name(f".{path.name}")
    with aside.open("wb") as file:
        np.savez(file, **arrays)
    aside.replace(path)


def _progress(step, steps, losses, pace):
    """Feature, Gram and change error of each layer, and the time left."""
    loss, *terms = np.mean(losses, axis=0)
    rows = np.reshape(terms, (-1, 3))
    layers = "  ".join(
        f"{name} {row[0]:.3f}/{row[1]:.4f}/{row[2]:.3f}"
        for name, row in zip(LAYERS, rows, strict=True)
    )
    return (
        f"step {step}/{steps}  loss {loss:.4f}  {layers}  {pace:.2f} s/step  "
        f"{pace * (steps - step) / 60:.1f} min to go"
    )
