"""The compact perceptual network: a small student of VGG19.

It was distilled from VGG19 (`fast_depth_style.distillation.perceptual` says
how) and is shipped with the package, so that training needs no download. It
answers with the same names and strides as VGG19, but with fewer channels:
each feature map is an estimate of VGG19's features projected onto the leading
principal components `P` of that layer, in VGG19's units. As `P` has
orthonormal columns, the Gram matrix of the projected features is `P^T G P`,
and differences of features and of Gram matrices keep their size (up to the
part outside the components). So a loss that is relative to its own target
means the same with this network as with VGG19.
"""

from collections.abc import Mapping, Sequence

import keras
import numpy as np

from fast_depth_style.perception.shipped_weights import read_shipped_weights
from fast_depth_style.requests import RequestError

WEIGHTS = "compact_perceptual.npz"

COMPONENTS = {"relu1_1": 16, "relu2_1": 40, "relu3_1": 64, "relu3_4": 64}
"""Channels of each feature map: VGG19's principal components kept."""

# The mean colour that VGG19 subtracts, as RGB, and about the spread of a
# picture's values around it.
_MEAN = (123.68, 116.779, 103.939)
_SPREAD = 64.0

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
    layers: Sequence[str] = tuple(COMPONENTS), dtype=None
) -> keras.Model:
    """The layers of the network, with random weights.

    Args:
        layers: Names among `COMPONENTS`; nothing deeper than the deepest of
            them is computed.
        dtype: Keras dtype policy of the convolutions; the global by default.

    Returns:
        A model from (batch, height, width, 3) float32 RGB in 0..255 to a
        dict {name: (batch, h, w, components)} in the compute dtype.
    """
    pictures = keras.Input((None, None, 3), name="pictures")
    # Not keras.layers.Rescaling, which imports TensorFlow on every backend.
    x = (pictures - np.array(_MEAN, "float32")) / _SPREAD
    features = {}
    for name, channels, size, stride, feature in _TRUNK:
        if len(features) == len(layers):
            break
        if stride == 2:
            # Even kernels with one pixel of zeros around give height // 2, as
            # VGG19's max pooling does, odd heights included.
            x = keras.layers.ZeroPadding2D(dtype=dtype, name=f"{name}_pad")(x)
        x = keras.layers.Conv2D(
            channels,
            size,
            strides=stride,
            padding="same" if stride == 1 else "valid",
            activation="relu",
            dtype=dtype,
            name=name,
        )(x)
        if feature in layers:
            features[feature] = keras.layers.Conv2D(
                COMPONENTS[feature], 1, dtype=dtype, name=feature
            )(x)
    return keras.Model(pictures, features)


class CompactPerceptual(keras.Model):
    """Frozen network of 0.2 million weights that judges as VGG19 does.

    Attributes:
        layer_names: The layers it returns, shallowest first.
    """

    def __init__(
        self,
        layers: Sequence[str] = tuple(COMPONENTS),
        weights: Mapping[str, np.ndarray] | None = None,
        **kwargs,
    ):
        """Builds the network.

        Args:
            layers: Names among `COMPONENTS`.
            weights: Arrays named "layer/kernel" and "layer/bias"; the shipped
                ones by default.
            **kwargs: For `keras.Model`; `dtype` is the convolutions'.

        Raises:
            RequestError: A layer that it does not have; the shipped file is
                missing or damaged.
        """
        # No autocast: rounding a picture to bfloat16 first would cost most.
        kwargs = {"trainable": False, "autocast": False, **kwargs}
        super().__init__(**{"name": "compact_perceptual", **kwargs})
        unknown = sorted(set(layers) - set(COMPONENTS))
        if unknown or not layers:
            raise RequestError(
                f"the compact perceptual network has no layer {unknown}: choose"
                f" among {', '.join(COMPONENTS)}, or use vgg19"
            )
        if weights is None:
            weights = read_shipped_weights(WEIGHTS)
        self.layer_names = tuple(name for name in COMPONENTS if name in layers)
        self.body = compact_perceptual_body(self.layer_names, self.dtype_policy)
        self.body.trainable = False
        for layer in self.body.layers:
            if layer.weights:
                layer.set_weights(
                    [weights[f"{layer.name}/{k}"] for k in ("kernel", "bias")]
                )

    def call(self, pictures):
        """Computes features.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            {layer name: (batch, h, w, components) in the compute dtype}, h and
            w as VGG19's: the whole size, then half, then a quarter of it.
        """
        return self.body(pictures)
