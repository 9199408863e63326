"""A depth network of driving videos, RT-MonoDepth-S, as a TF-Hub module.

It is a judge that is independent of FastDepth: Feng et al. 2023
(arXiv:2308.10569), trained on KITTI's videos without measured depth. These
weights have a decoder without skip connections.
"""

import pathlib

import numpy as np
import tensorflow as tf

from fast_depth_style import files
from fast_depth_style.errors import RequestError

SIZE = (256, 384)
"""Height and width that it sees pictures at, in pixels."""


def write_module(path: pathlib.Path, folder: pathlib.Path) -> None:
    """Writes a SavedModel from RGB in 0..1 to inverse depth, up to a scale.

    The .npz at `path` has float32 encoder/conv1, encoder/convs.0.0 to .2.2,
    decoder/decoder.0.conv to .7.conv and .8.conv3, each with .weight (height,
    width, in, out) and, but for encoder/conv1, .bias.
    """
    try:
        weights = files.read_arrays(path)
    except FileNotFoundError as error:
        raise RequestError(
            f"{path} is missing: put the weights of RT-MonoDepth-S there"
        ) from error
    except ValueError as error:
        raise RequestError(f"{path} cannot be read: {error}") from error
    module = tf.Module()
    module.estimate = tf.function(
        lambda images: {"disparity": _disparity(weights, images)},
        input_signature=[tf.TensorSpec((None, *SIZE, 3), tf.float32, "images")],
    )
    tf.saved_model.save(
        module, str(folder), signatures={"serving_default": module.estimate}
    )


def _disparity(weights, images):
    def convolve(x, name, stride=1, padding="REFLECT"):
        kernel = weights[f"{name}.weight"]
        side = kernel.shape[0] // 2
        sides = [[0, 0], [side, side], [side, side], [0, 0]]
        x = tf.nn.conv2d(tf.pad(x, sides, padding), kernel, stride, "VALID")
        return x + weights.get(f"{name}.bias", np.float32(0))

    x = (images - 0.45) / 0.225
    x = tf.nn.relu(convolve(x, "encoder/conv1", 2, "CONSTANT"))
    for block in range(3):
        for layer, stride in ((0, 2), (2, 1)):
            name = f"encoder/convs.{block}.{layer}"
            x = tf.nn.leaky_relu(convolve(x, name, stride, "CONSTANT"), 0.1)
    for block in range(4):
        x = tf.nn.elu(convolve(x, f"decoder/decoder.{2 * block}.conv"))
        x = tf.image.resize(x, 2 * np.array(x.shape[1:3]), "nearest")
        x = tf.nn.elu(convolve(x, f"decoder/decoder.{2 * block + 1}.conv"))
    return tf.sigmoid(convolve(x, "decoder/decoder.8.conv3"))[..., 0]
