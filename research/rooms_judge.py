"""A depth network that knows measured depth alone, as a TF-Hub module.

It is a judge in rooms that is independent of FastDepth: a decoder that learns
from measured depth, on SqueezeNet's features.
"""

import os
import pathlib
from typing import Any

import depth_data
import depth_distillation
import keras
import resumable_fit
import tensorflow as tf
from distillation_settings import DepthDistillation
from keras import layers
from random_pictures import Draw

from fast_depth_style.perception.frozen_network import resize_bilinear
from fast_depth_style.perception.hub_depth import HubDepth
from fast_depth_style.perception.imagenet import SqueezeNet

_LAYERS = ("fire3", "fire5", "fire9")


def train_judge(
    settings: DepthDistillation,
    weights: pathlib.Path,
    rooms: list[pathlib.Path],
    folder: pathlib.Path,
) -> None:
    """Trains a depth network on rooms, or goes on; writes it to FOLDER/module.

    `weights` are SqueezeNet's, which stay. What is written is a SavedModel from
    (batch, 224, 224, 3) RGB in 0..1 to inverse depth, as `HubDepth` reads it.
    """
    keras.utils.set_random_seed(settings.seed)
    size = depth_data.STORED
    encoder = SqueezeNet(_LAYERS, weights)
    model = _judge(encoder, size)
    pictures = depth_data.read_rooms(rooms)

    def batch(step: Any) -> Any:
        step = tf.cast(step, tf.int32)
        seeds = tf.unstack(tf.random.split([settings.seed, step], 2))
        chosen = Draw(seeds[0], settings.rooms_per_step).rows(len(rooms))
        rgb, maps = (
            tf.gather(each, chosen)
            for each in (pictures.rgb, pictures.inverse_depth)
        )
        # It has no hints.
        views, targets = depth_data.random_view(
            rgb, maps, maps[..., None], seeds[1], size
        )
        return views, targets["inverse_depth"]

    def batches(start: int) -> tf.data.Dataset:
        return tf.data.Dataset.range(start, 2**40).map(batch).prefetch(4)

    model.compile(
        resumable_fit.make_optimizer(settings),
        lambda target, found: depth_distillation.depth_loss(
            found[..., 0], target[..., 0], target[..., 1]
        ),
    )
    resumable_fit.fit(model, model.variables, batches, settings, folder)
    module = tf.Module()
    module.kept = [variable.value for variable in model.variables]
    module.estimate = tf.function(
        lambda images: {"inverse_depth": model(255.0 * images)[..., 0]},
        input_signature=[
            tf.TensorSpec((None, size, size, 3), tf.float32, "images")
        ],
    )
    aside = folder / "unfinished"
    signatures = {"serving_default": module.estimate}
    tf.saved_model.save(module, str(aside), signatures=signatures)
    os.replace(aside, folder / "module")


def _judge(encoder: keras.Model, size: int) -> keras.Model:
    def resized(x: Any, shape: tuple[int, int]) -> Any:
        return layers.Lambda(lambda x: resize_bilinear(x, shape))(x)

    def convolved(x: Any, channels: int, dilation: int = 1) -> Any:
        x = layers.Conv2D(
            channels, 3, padding="same", use_bias=False, dilation_rate=dilation
        )(x)
        return layers.ReLU()(layers.GroupNormalization(8)(x))

    pictures = keras.Input((size, size, 3))
    features = encoder(pictures)
    x = resized(features["fire9"], (size // 16, size // 16))
    x = convolved(x, 128)
    for dilation in (2, 4):
        x = x + convolved(x, 128, dilation)
    for name, part in (("fire5", 8), ("fire3", 4)):
        shape = size // part, size // part
        skipped = convolved(resized(features[name], shape), 32)
        x = layers.Concatenate()([resized(x, shape), skipped])
        x = convolved(x, 64)
    x = layers.Conv2D(1, 3, padding="same", activation="softplus")(x)
    return keras.Model(pictures, resized(x, (size // 2, size // 2)))


def score(module: pathlib.Path, rooms: list[pathlib.Path]) -> dict[str, float]:
    """Scores the judge in rooms; see `depth_distillation.score`."""
    measured = depth_data.read_rooms(rooms)
    return depth_distillation.score(HubDepth(str(module)), measured)
