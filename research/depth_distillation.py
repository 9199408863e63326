"""Trains the compact depth network; `distill.py depth` runs it."""

import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import depth_data
import keras
import numpy as np
import resumable_fit
import tensorflow as tf
from distillation_settings import DepthDistillation
from keras import ops

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation import depth_comparison
from fast_depth_style.images.folder import list_pictures
from fast_depth_style.perception import registry, shipped_weights
from fast_depth_style.perception.compact_depth import (
    WEIGHTS,
    CompactDepth,
    compact_depth_body,
)
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.training import hardware

_CALIBRATION = 60
"""Batches, at most, over which the normalization of the final weights is
measured."""


def distill(
    settings: DepthDistillation,
    teacher: str,
    rgbd: pathlib.Path,
    photo_folders: Sequence[pathlib.Path],
    workdir: pathlib.Path,
) -> dict[str, float]:
    """Trains in a folder, or continues to; writes its weights/ and scores them.

    The teacher is a depth network such as fast_depth:FILE; `rgbd` holds
    rgb/NNNN.jpg and depth/NNNN.png. Returns the `score` on the rooms held out.
    What cannot be had is a `RequestError`.
    """
    training, held_out = depth_data.split_rooms(rgbd)
    photos = [p for folder in photo_folders for p in list_pictures(folder)]
    estimator = registry.depth_network(teacher) if teacher else None
    if estimator is None:
        raise RequestError(f"--teacher={teacher}: name a depth network")
    if not photos:
        raise RequestError("--photos holds no picture")
    print(
        f"{len(training)} rooms and {len(photos)} photos to train on,"
        f" {len(held_out)} rooms held out",
        flush=True,
    )
    files.mark_own_folder(workdir, "run")
    pictures = _read(training, photos, estimator, workdir / "teacher.npz")
    weights = train(settings, pictures, workdir)
    path = shipped_weights.write_shipped_weights(
        WEIGHTS, weights, workdir / "weights"
    )
    print(f"wrote {path}")
    weights = shipped_weights.read_shipped_weights(WEIGHTS, path.parent)
    return score(CompactDepth(weights), depth_data.read_rooms(held_out))


def _read(rooms, photos, teacher, seen_path):
    """All pictures; what the teacher sees in them is kept in a file."""
    measured = depth_data.read_rooms(rooms)
    rgb = np.concatenate([measured.rgb, depth_data.read_squares(photos)])
    if not seen_path.exists():
        inverse_depth, hints = depth_data.ask_teacher(rgb, teacher)
        with files.replacing(seen_path) as aside:
            np.savez(aside, inverse_depth=inverse_depth, hints=hints)
    with np.load(seen_path) as seen:
        if len(seen["hints"]) != len(rgb):
            raise RequestError(
                f"{seen_path} is of other pictures: give another --workdir"
            )
        maps = [measured.inverse_depth, seen["inverse_depth"][len(rooms) :]]
        return depth_data.DepthPictures(
            rgb, np.concatenate(maps), seen["hints"], len(rooms)
        )


def train(
    settings: DepthDistillation,
    pictures: depth_data.DepthPictures,
    workdir: pathlib.Path,
) -> dict[str, np.ndarray]:
    """Trains; returns the running mean of the weights for `CompactDepth`."""
    keras.utils.set_random_seed(settings.seed)
    policy = "mixed_bfloat16" if hardware.bfloat16_is_fast() else "float32"
    body = compact_depth_body(_normalized_convolution, dtype=policy)
    hints = keras.layers.Conv2D(
        depth_data.HINTS, 1, kernel_initializer="zeros", dtype=policy
    )(body.outputs[1])
    outputs = {"inverse_depth": body.outputs[0], "hints": hints}
    model = keras.Model(body.inputs, outputs)
    optimizer = resumable_fit.make_optimizer(
        settings, weight_decay=settings.weight_decay
    )
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    model.compile(optimizer, losses(), jit_compile=hardware.compiles_well())

    batches = functools.partial(depth_data.batches, pictures, settings)
    resumable_fit.fit(
        model,
        model.variables,
        functools.partial(batches, settings.sizes()),
        settings,
        workdir,
    )
    # Of the running mean of the weights, at the size in use.
    steps = settings.epochs * settings.steps_per_epoch
    end = steps + min(_CALIBRATION, steps)
    normalize = tf.function(lambda views: body(views, training=True))
    for views, *_ in batches([(settings.size, end)], steps):
        normalize(views)
    return folded_weights(body)


def losses() -> dict[str, Callable[[Any, Any], Any]]:
    """Losses of the two outputs, each of one value per picture."""
    return {
        "inverse_depth": lambda target, estimate: depth_loss(
            estimate[..., 0], target[..., 0], target[..., 1]
        ),
        "hints": lambda target, found: ops.mean(
            ops.sum((found - target) ** 2, axis=-1), axis=(1, 2)
        ),
    }


def depth_loss(estimate: Any, target: Any, known: Any) -> Any:
    """Scale- and shift-invariant loss of inverse depth, with gradients.

    After Ranftl et al. 2020, equations 5 (with means for medians) and 11 (the
    gradients of the difference at four scales, weight 0.5). A tenth of the
    plain absolute difference keeps the scale of the estimate near 1/metre.
    All are (batch, h, w) float32, `known` 1 where `target` is known, else 0.
    Returns (batch,): a flat target, which has no order to learn, counts less
    the more its spread falls below 5 % of its mean.
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


def _normalized_convolution(
    filters: int, kernel_size: int, name: str, **kwargs: Any
) -> Callable[[Any], Any]:
    """Makes the convolutions of `compact_depth_body`; the last one is plain."""
    if name == "inverse_depth":
        return keras.layers.Conv2D(filters, kernel_size, name=name, **kwargs)
    convolution = keras.layers.Conv2D(
        filters, kernel_size, name=name, use_bias=False, **kwargs
    )
    # A residual branch starts close to nothing.
    gamma = 0.25 if name.endswith("_residual") else 1.0
    norm = keras.layers.BatchNormalization(
        momentum=0.95,
        gamma_initializer=keras.initializers.Constant(gamma),
        dtype=kwargs["dtype"],
        name=f"{name}_norm",
    )
    return lambda x: norm(convolution(x))


def folded_weights(body: keras.Model) -> dict[str, np.ndarray]:
    """{"LAYER/kernel", "LAYER/bias"} with the normalization folded in."""
    arrays = {}
    for layer in body.layers:
        if not isinstance(layer, keras.layers.Conv2D):
            continue
        kernel, *bias = layer.get_weights()
        if not bias:
            norm = body.get_layer(f"{layer.name}_norm")
            gamma, beta, mean, variance = norm.get_weights()
            scale = gamma / np.sqrt(variance + norm.epsilon)
            kernel, bias = kernel * scale, [beta - mean * scale]
        arrays[f"{layer.name}/kernel"] = kernel
        arrays[f"{layer.name}/bias"] = bias[0]
    return arrays


def score(
    network: DepthEstimator, rooms: depth_data.DepthPictures
) -> dict[str, float]:
    """Scores a network on rooms with measured depth.

    Spearman's rank correlation of estimate and truth; and "delta_1_25": the
    mean share of pixels within a factor of 1.25 after the best scale and shift
    in inverse depth (Ranftl et al. 2020, section 6).
    """
    correlations, shares = [], []
    for start in range(0, len(rooms.rgb), 16):
        batch = rooms.rgb[start : start + 16].astype(np.float32)
        maps = network(batch)[..., None]
        size = rooms.inverse_depth.shape[1:]
        maps = ops.convert_to_numpy(ops.image.resize(maps, size))[..., 0]
        truth = rooms.inverse_depth[start : start + 16].astype(np.float32)
        truth[truth == 0] = np.nan
        for estimate, target in zip(maps, truth, strict=True):
            correlations.append(depth_comparison.spearman(estimate, target))
            aligned = depth_comparison.align(estimate, target)
            shares.append(depth_comparison.share_within(aligned, target))
    return {
        "rooms": len(correlations),
        "spearman_median": float(np.median(correlations)),
        "spearman_mean": float(np.mean(correlations)),
        "spearman_lowest_tenth": float(np.quantile(correlations, 0.1)),
        "delta_1_25": float(np.mean(shares)),
    }
