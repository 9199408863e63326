"""Distils the compact perceptual network from VGG19.

The student regresses VGG19's features, projected onto their leading principal
components, on varied pictures (`perceptual_data`) and on a pool of pictures
that are being stylized against the student itself: a style network goes
wherever the student's loss falls, so the student must be right there, too.
Each picture comes with a disturbed one, and the *change* of the features is a
target of its own: agreement of finite differences makes gradients agree
(Czarnecki et al. 2017, "Sobolev Training for Neural Networks").

`distill.py perceptual` runs it.
"""

import functools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import perceptual_data
import resumable_fit
import tensorflow as tf
from distillation_settings import PerceptualDistillation
from keras import ops
from scipy import stats

from fast_depth_style import files
from fast_depth_style.losses.content import relative_content_loss
from fast_depth_style.losses.style import gram_matrix, relative_style_loss
from fast_depth_style.perception import registry, shipped_weights
from fast_depth_style.perception.compact_perceptual import (
    COMPONENTS,
    WEIGHTS,
    CompactPerceptual,
    compact_perceptual_body,
)
from fast_depth_style.training import hardware
from fast_depth_style.training.build import draw_weights

LAYERS = tuple(COMPONENTS)
_CONTENT_LAYER = "relu3_1"


def distill(
    settings: PerceptualDistillation,
    vgg19: str,
    photo_folders: Sequence[pathlib.Path],
    painting_folder: pathlib.Path,
    workdir: pathlib.Path,
) -> dict[str, float]:
    """Trains in a folder, or continues to; writes its weights/ and scores them.

    `vgg19` is vgg19 or vgg19:FILE. Returns what `score` does. Missing pictures
    or weights are a `RequestError`.
    """
    photos, held_out_photos = perceptual_data.find_photos(photo_folders)
    paintings, held_out = perceptual_data.find_paintings(painting_folder)
    policy = "mixed_bfloat16" if hardware.bfloat16_is_fast() else "float32"
    teacher = registry.perceptual_network(vgg19, set(LAYERS), policy)
    names = ", ".join(path.stem for path in held_out)
    print(
        f"{len(photos)} photos, {len(paintings)} paintings; held out:"
        f" {len(held_out_photos)} photos, {names}",
        flush=True,
    )
    files.mark_own_folder(workdir, "run")

    batches = functools.partial(
        perceptual_data.batches, photos, paintings, settings.size, settings.seed
    )
    sample = next(iter(batches(48, -1)))[0]
    model = StudentTrainer(settings, teacher, sample, policy)
    optimizer = resumable_fit.make_optimizer(
        settings, weight_decay=None, adam_weight_decay=None
    )
    model.compile(optimizer, jit_compile=hardware.compiles_well())
    resumable_fit.fit(
        model,
        [*model.student.variables, *model.bases.values(), model.pool],
        lambda start: batches(settings.fresh, start).map(lambda *x: (x,)),
        settings,
        workdir,
    )
    path = shipped_weights.write_shipped_weights(
        WEIGHTS, model.exported_weights(), workdir / "weights"
    )
    print(f"wrote {path}")
    network = CompactPerceptual(
        weights=shipped_weights.read_shipped_weights(WEIGHTS, path.parent)
    )
    return score(
        network,
        teacher,
        held_out_photos,
        [*paintings, *held_out],
        settings.size * 4 // 3,
    )


def score(
    network: keras.Model,
    vgg19: keras.Model,
    photos: Sequence[pathlib.Path],
    paintings: Sequence[pathlib.Path],
    size: int,
    count: int = 48,
) -> dict[str, float]:
    """{painting: rank correlation of the style losses of network and VGG19}.

    Spearman's, of `count` varied pictures of `size` pixels; and the "mean".
    """
    found = {}
    for path in paintings:
        batch = perceptual_data.batches(photos, [path], size, 0, count, 0)
        pictures = next(iter(batch))[0]
        painting = perceptual_data.read_squares([path], size).astype("float32")
        losses = []
        for judge in (network, vgg19):
            goal = {n: gram_matrix(x) for n, x in judge(painting).items()}
            maps = [judge(one[None]) for one in pictures]
            grams = [{n: gram_matrix(x) for n, x in m.items()} for m in maps]
            errors = [relative_style_loss(g, goal) for g in grams]
            losses.append([float(error[0]) for error in errors])
        found[path.stem] = float(stats.spearmanr(*losses).statistic)
    return {**found, "mean": float(np.mean([*found.values()]))}


def principal_components(
    features: Mapping[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Components that keep both the features and their differences.

    Of {layer: (n, h, w, channels)}, {layer: (channels, components)} and
    {layer: standard deviation of the projected features}. Columns are the
    leading eigenvectors of the features' second moments (of which Gram matrices
    are made) plus their covariance (of which content differences are), each
    over its own trace.
    """
    bases, scales = {}, {}
    for name, maps in features.items():
        flat = np.reshape(maps, (-1, maps.shape[-1])).astype(np.float64)
        moment = flat.T @ flat / len(flat)
        covariance = np.cov(flat.T, bias=True)
        both = moment / np.trace(moment) + covariance / np.trace(covariance)
        basis = np.linalg.eigh(both)[1][:, ::-1][:, : COMPONENTS[name]]
        inside = np.trace(basis.T @ covariance @ basis)
        bases[name] = basis.astype(np.float32)
        scales[name] = float(np.sqrt(inside / basis.shape[1]))
    return bases, scales


class StudentTrainer(keras.Model):
    """Trains the student by `fit` on what `perceptual_data.batches` gives.

    `student` answers in units of `scales`, by which the `bases`, {layer:
    variable (channels, components)}, are divided. `pool`, (blocks, 4, pooled,
    size, size, 3) float32, holds pictures that are being stylized, their
    momentum, photos and paintings.
    """

    def __init__(
        self,
        settings: PerceptualDistillation,
        teacher: keras.Model,
        sample: Any,
        policy: str,
    ):
        """Creates a student of this dtype policy, and an empty pool.

        `sample`, (n, size, size, 3) varied pictures, gives the components.
        """
        super().__init__()
        self.settings = settings
        self.teacher = teacher
        self.student = compact_perceptual_body(dtype=policy)
        draw_weights(self.student, settings.seed)
        bases, self.scales = principal_components(
            {
                name: ops.convert_to_numpy(ops.cast(maps, "float32"))
                for name, maps in teacher(sample).items()
            }
        )
        self.bases = {
            name: keras.Variable(
                basis / self.scales[name], trainable=False, name=f"{name}_basis"
            )
            for name, basis in bases.items()
        }
        side = settings.size
        shape = settings.pool_blocks, 4, settings.pooled, side, side, 3
        self.pool = keras.Variable(
            np.zeros(shape, "float32"), trainable=False, name="pool"
        )
        self._means = [
            keras.metrics.Mean(name) for name in ("feature", "gram", "change")
        ]
        self.built = True

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step on varied pictures and on a part of the pool."""
        ((varied, disturbed, photo, painting),) = data
        before, after = self._stylize(varied, photo, painting)
        pictures = ops.concatenate([varied, before, disturbed, after])
        targets = self.targets(pictures)
        weights = self.student.trainable_variables
        with tf.GradientTape() as tape:
            loss, terms = regression_loss(
                self.student(pictures),
                targets,
                self.settings.gram_weight,
                self.settings.change_weight,
            )
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        for metric in self.metrics:
            metric.update_state(terms[metric.name])
        return {metric.name: metric.result() for metric in self.metrics}

    @property
    def metrics(self) -> list[Any]:
        """Means of the terms over an epoch."""
        return self._means

    def targets(self, pictures: Any) -> dict[str, Any]:
        """The teacher's features in components of about unit variance."""
        features = self.teacher(pictures)
        return {
            name: ops.cast(features[name], "float32") @ self.bases[name]
            for name in LAYERS
        }

    def _stylize(self, varied, photo, painting):
        """Moves one block of the pool; returns it before and after."""
        settings, blocks = self.settings, self.settings.pool_blocks
        step = ops.cast(self.optimizer.iterations, "int32")
        block, visit = step % blocks, step // blocks
        # Blocks start again one after the other; all do on the first visit.
        age = (
            visit + block * settings.pool_life // blocks
        ) % settings.pool_life
        is_new = (visit == 0) | (age == 0)
        count = settings.pooled
        start = ops.concatenate(
            [varied[: count // 2], photo[count // 2 : count]]
        )
        new = ops.stack(
            [start, ops.zeros_like(start), photo[:count], painting[:count]]
        )
        now = ops.where(is_new, new, ops.take(self.pool, block, axis=0))
        before, momentum, photo, painting = ops.unstack(now, axis=0)
        # From 0.03 to 3 times the style loss.
        weights = 10 ** ops.linspace(-1.5, 0.5, count)
        with tf.GradientTape() as tape:
            tape.watch(before)
            loss = self._painting_loss(before, photo, painting, weights)
        momentum = 0.8 * momentum + _unit(tape.gradient(loss, before))
        after = before - settings.pixel_rate * _unit(momentum)
        # Within what a network puts out, as its range penalty wants.
        after = ops.clip(after, -40.0, 295.0)
        moved = ops.stack([after, momentum, photo, painting])[None]
        is_block = ops.arange(blocks) == block
        is_block = ops.reshape(is_block, (-1, 1, 1, 1, 1, 1))
        self.pool.assign(ops.where(is_block, moved, self.pool.value))
        return before, after

    def _painting_loss(self, pictures, photo, painting, content_weights):
        """The student's own losses of a picture, summed."""
        found = self.student(pictures)
        wanted = self.student(ops.concatenate([photo, painting]))
        loss, count = 0.0, self.settings.pooled
        for i in range(count):
            one, other = slice(i, i + 1), slice(count + i, count + i + 1)
            style = relative_style_loss(
                {n: gram_matrix(found[n][one]) for n in LAYERS},
                {n: gram_matrix(wanted[n][other]) for n in LAYERS},
            )
            maps = (each[_CONTENT_LAYER][one] for each in (found, wanted))
            content = relative_content_loss(*maps)
            loss += style[0] + content_weights[i] * content[0]
        return loss

    def exported_weights(self) -> dict[str, np.ndarray]:
        """The student's arrays by name, in VGG19's units."""
        arrays = {}
        for layer in self.student.layers:
            if layer.weights:
                scale = self.scales.get(layer.name, 1.0)
                kernel, bias = layer.get_weights()
                arrays[f"{layer.name}/kernel"] = kernel * scale
                arrays[f"{layer.name}/bias"] = bias * scale
        return arrays


def _unit(x):
    return x / (ops.std(x, axis=(1, 2, 3), keepdims=True) + 1e-12)


def regression_loss(
    student: Mapping[str, Any],
    targets: Mapping[str, Any],
    gram_weight: float,
    change_weight: float,
) -> tuple[Any, dict[str, Any]]:
    """How far the student's features are from their targets.

    Every term is relative to the power of its target, picture by picture:
    features to their variance over the picture plus a tenth of their power,
    Gram matrices to their squared norm, changes to their power.

    `student` and `targets` are {layer: (2 n, h, w, components)}; the second
    half are the disturbed pictures of the first. Returns a scalar, and the
    unweighted terms "feature", "gram" and "change", means over the layers.
    """
    rows = []
    for name, wanted in targets.items():
        error = ops.cast(student[name], "float32") - wanted
        power = _mean_square(wanted)
        mean = ops.mean(wanted, axis=(1, 2), keepdims=True)
        variance = power - _mean_square(mean)
        feature = _mean_square(error) / (variance + 0.1 * power + 1e-6)
        goal = gram_matrix(wanted)
        gram = gram_matrix(error + wanted) - goal
        gram = ops.sum(gram**2, (1, 2)) / ops.sum(goal**2, (1, 2))
        first, second = ops.split(error, 2)
        before, after = ops.split(wanted, 2)
        change = _mean_square(second - first) / (
            _mean_square(after - before) + 1e-3 * ops.split(power, 2)[0]
        )
        rows.append(ops.stack([ops.mean(x) for x in (feature, gram, change)]))
    feature, gram, change = ops.unstack(ops.mean(ops.stack(rows), axis=0))
    loss = feature + gram_weight * gram + change_weight * change
    return loss, {"feature": feature, "gram": gram, "change": change}


def _mean_square(maps):
    return ops.mean(maps**2, axis=(1, 2, 3))
