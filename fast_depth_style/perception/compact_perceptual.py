"""The compact perceptual network, distilled from VGG19 and shipped.

It has the layer names and strides of VGG19 but fewer channels: each feature map
is an estimate of VGG19's features projected onto the leading principal
components `P` of that layer, in VGG19's units. As `P` has orthonormal columns,
the Gram matrix of the projected features is `P^T G P`, and differences of
features and of Gram matrices keep their size (up to the part outside the
components). So a loss that is relative to its own target means the same.
"""

import functools
from collections.abc import Collection, Mapping
from typing import Any

import keras
import numpy as np

from fast_depth_style.perception.frozen_network import FrozenNetwork
from fast_depth_style.perception.layer_names import require_layers
from fast_depth_style.perception.shipped_weights import (
    read_shipped_weights,
    set_weights,
)

WEIGHTS = "compact_perceptual.npz"
"""Name of the shipped weight file."""

COMPONENTS = {"relu1_1": 16, "relu2_1": 40, "relu3_1": 64, "relu3_4": 64}
"""Channels of each feature map: VGG19's principal components kept."""

# The mean colour that VGG19 subtracts, as RGB.
_MEAN = (123.68, 116.779, 103.939)
# Name, channels, kernel size, stride of each convolution, and the feature map
# read off its output.
_TRUNK = (
    ("conv1_1", 16, 3, 1, "relu1_1"),
    ("conv1_2", 24, 4, 2, None),
    ("conv2_1", 48, 3, 1, "relu2_1"),
    ("conv2_2", 64, 4, 2, None),
    ("conv3_1", 64, 3, 1, "relu3_1"),
    ("conv3_2", 64, 3, 1, None),
    ("conv3_3", 64, 3, 1, "relu3_4"),
)


def compact_perceptual_body(
    layers: Collection[str] = tuple(COMPONENTS), dtype: Any = "float32"
) -> keras.Model:
    """A model from pictures to {name of `layers`: features}, random weights.

    Nothing deeper is computed; `dtype` is the policy of the convolutions.
    """
    explicit = {"dtype": dtype, "data_format": "channels_last"}
    conv = functools.partial(keras.layers.Conv2D, **explicit)
    pictures = keras.Input((None, None, 3), name="pictures", dtype="float32")
    # Not keras.layers.Rescaling, which imports TensorFlow on every backend.
    x = (pictures - np.array(_MEAN, "float32")) / 64.0
    features: dict[str, Any] = {}
    for name, channels, size, strides, feature in _TRUNK:
        if len(features) == len(layers):
            break
        padding = "same"
        if strides == 2:
            # Even kernels with one pixel of zeros around give height // 2, as
            # VGG19's max pooling does, odd heights included.
            x = keras.layers.ZeroPadding2D(name=f"{name}_pad", **explicit)(x)
            padding = "valid"
        options = {"activation": "relu", "name": name}
        x = conv(channels, size, strides, padding, **options)(x)
        if feature and feature in layers:
            features[feature] = conv(COMPONENTS[feature], 1, name=feature)(x)
    return keras.Model(pictures, features)


class CompactPerceptual(FrozenNetwork):
    """Frozen network of 0.2 million weights, in place of VGG19."""

    def __init__(
        self,
        layers: Collection[str] = tuple(COMPONENTS),
        weights: Mapping[str, np.ndarray] | None = None,
        **kwargs: Any,
    ):
        """Builds the network; `kwargs` go to `FrozenNetwork`.

        Weights, named "relu1_1/kernel", …, are by default the shipped ones.
        """
        network = "the compact network (vgg19 has more layers)"
        names = require_layers(network, tuple(COMPONENTS), layers)
        super().__init__(**{"name": "compact_perceptual", **kwargs})
        self.layer_names = names
        self.body = compact_perceptual_body(names, self.dtype_policy)
        self.body.trainable = False
        set_weights(self.body, weights or read_shipped_weights(WEIGHTS))

    def call(self, pictures: Any) -> dict[str, Any]:
        """{layer name: (batch, h, w, components)}, h and w as in VGG19."""
        return self.body(pictures)
