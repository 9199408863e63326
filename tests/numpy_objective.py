"""The terms of the objective, computed in numpy."""

import numpy as np
import tensorflow as tf


def terms_of(objective, photos, painted, step=0):
    step = tf.constant(step)
    return objective(painted, objective.targets(photos, step), step)


def gram(features):
    flat = features.reshape(features.shape[0], -1, features.shape[-1])
    return np.einsum("bnc,bnd->bcd", flat, flat) / flat[0].size


def relative(found, target):
    """Squared difference, relative to the target's."""
    axes = tuple(range(1, np.ndim(found)))
    squares = ((found - target) ** 2).sum(axes) / (target**2).sum(axes)
    return squares.mean()


def relative_content(found, target):
    """The same, at each position by the target's own."""
    weights = (target**2).sum(-1, keepdims=True)
    return relative(found * weights**0.5, target * weights**0.5)


def relative_map_gradients(found, target):
    """Of depth maps, at four scales: each by the target's own."""
    ratios = []
    maps = found.astype("f8") - target, target.astype("f8")
    for _ in range(4):
        if min(maps[0].shape[1:]) < 2:
            break
        wrong, wanted = (
            sum(
                np.abs(np.diff(each, axis=axis)).mean((1, 2)) for axis in (1, 2)
            )
            for each in maps
        )
        ratios.append(wrong / (wanted + 1e-3))
        maps = [halved(each[..., None])[..., 0] for each in maps]
    return np.mean(ratios)


def double(features):
    return {name: np.array(value, "f8") for name, value in features.items()}


def halved(pictures):
    batch, height, width, channels = pictures.shape
    pictures = pictures[:, : height // 2 * 2, : width // 2 * 2]
    blocks = pictures.reshape(batch, height // 2, 2, width // 2, 2, channels)
    return blocks.mean((2, 4))


def floats_of(terms):
    return {name: float(value) for name, value in terms.items()}
