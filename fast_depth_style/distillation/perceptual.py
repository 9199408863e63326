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

import keras
import numpy as np
from keras import ops

from fast_depth_style.distillation.drawn_ahead import drawn_ahead
from fast_depth_style.distillation.gradients import (
    compiled,
    value_and_gradient,
)
from fast_depth_style.distillation.principal_components import (
    LAYERS,
    Components,
    principal_components,
)
from fast_depth_style.distillation.regression import regression_loss
from fast_depth_style.distillation.stylized_pool import StylizedPool
from fast_depth_style.distillation.varied_pictures import VariedPictures
from fast_depth_style.losses.content import relative_content_loss
from fast_depth_style.losses.style import gram_matrix, relative_style_loss
from fast_depth_style.perception.compact_perceptual import (
    compact_perceptual_body,
)
from fast_depth_style.perception.vgg19 import VGG19
from fast_depth_style.training.initial_weights import draw_weights
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

    steps: int = 11500
    picture_size: int = 96
    fresh: int = 16
    pooled: int = 8
    pool_size: int = 96
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


class _Trainer:
    """The state of a distillation, and its steps."""

    def __init__(self, config, teacher, components, pictures):
        self.config = config
        self.teacher = teacher
        self.components = components
        self.pictures = pictures
        self.student = compact_perceptual_body(dtype="mixed_bfloat16")
        draw_weights(self.student, config.seed)
        self.optimizer = KernelMuon(
            adam_weight_decay=None, weight_decay=None, global_clipnorm=1.0
        )
        self.optimizer.build(self.student.trainable_variables)
        self.pool = StylizedPool(
            pictures, config.pool_size, np.random.default_rng(config.seed)
        )
        self.step = 0
        self._regression = value_and_gradient(self._regress, extras=True)
        self._update = (
            self._jax_update()
            if keras.backend.backend() == "jax"
            else self._tensorflow_update()
        )
        self._picture_gradient = compiled(value_and_gradient(self._paint))

    def train_step(self, fresh):
        """One step on a fresh batch and the pool; returns the terms."""
        config = self.config
        first, second = fresh
        if self.step >= config.pool_from:
            rng = np.random.default_rng((config.seed, 2, self.step))
            indices = rng.choice(config.pool_size, config.pooled, False)
            now = {k: v[indices] for k, v in self.pool.arrays.items()}
            names = ("stylized", "photo", "painting", "content_weight")
            _, gradients = self._picture_gradient(
                *(now[name] for name in names), self._weights()
            )
            gradients = ops.convert_to_numpy(gradients)
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
        return float(loss), ops.convert_to_numpy(terms)

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
            name: ops.cast(maps[name], "float32")
            @ (self.components.bases[name] / self.components.scales[name])
            for name in LAYERS
        }

    def _weights(self):
        return [v.value for v in self.student.trainable_variables]

    def _regress(self, weights, pictures):
        """Loss and terms of a batch, with these weights in the student."""
        features, _ = self.student.stateless_call(weights, [], pictures)
        return regression_loss(
            features,
            self.targets(pictures),
            self.config.gram_weight,
            self.config.change_weight,
        )

    def _tensorflow_update(self):
        variables = self.student.trainable_variables

        def update(pictures):
            result, gradients = self._regression(self._weights(), pictures)
            self.optimizer.apply(gradients, variables)
            return result

        return compiled(update)

    def _jax_update(self):
        """The same, for a backend whose compiled functions assign nothing."""

        @compiled
        def step(weights, state, pictures):
            result, gradients = self._regression(weights, pictures)
            return result, *self.optimizer.stateless_apply(
                state, gradients, weights
            )

        def update(pictures):
            state = [v.value for v in self.optimizer.variables]
            result, *values = step(self._weights(), state, pictures)
            variables = (
                self.student.trainable_variables,
                self.optimizer.variables,
            )
            for group, new in zip(variables, values, strict=True):
                for variable, value in zip(group, new, strict=True):
                    variable.assign(value)
            return result

        return update

    def _paint(self, stylized, photo, painting, content_weight, weights):
        """What the pool descends on: the student's own losses, summed."""

        def student(pictures):
            return self.student.stateless_call(weights, [], pictures)[0]

        count = self.config.pooled
        wanted = student(ops.concatenate([photo, painting]))
        maps = student(stylized)
        loss = 0.0
        for i in range(count):
            one, painted = slice(i, i + 1), slice(count + i, count + i + 1)
            loss += relative_style_loss(
                {n: gram_matrix(maps[n][one]) for n in LAYERS},
                {n: gram_matrix(wanted[n][painted]) for n in LAYERS},
            ) + content_weight[i] * relative_content_loss(
                maps[_CONTENT_LAYER][one], wanted[_CONTENT_LAYER][one]
            )
        return loss

    def save(self, path):
        """Writes everything a resumed run needs, aside and renamed."""
        arrays = {f"pool/{k}": v for k, v in self.pool.arrays.items()}
        for i, v in enumerate(self.student.variables):
            arrays[f"student/{i}"] = ops.convert_to_numpy(v)
        for i, v in enumerate(self.optimizer.variables):
            arrays[f"optimizer/{i}"] = ops.convert_to_numpy(v)
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
    begin, first, recent = time.monotonic(), trainer.step, []
    batches = drawn_ahead(
        pictures, config.fresh, config.seed, first, config.steps
    )
    for fresh in batches:
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
