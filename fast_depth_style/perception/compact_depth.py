"""The depth network that the package carries: small, dense, offline."""

from collections.abc import Callable, Mapping

import keras
import numpy as np
from keras import ops

from fast_depth_style.perception.depth_estimator import (
    DepthEstimator,
    resize_bilinear,
)
from fast_depth_style.perception.shipped_weights import read_shipped_weights

WEIGHTS = "compact_depth.npz"
"""Name of the shipped weight file."""

SIZE = 160
"""Height and width that pictures are squeezed to."""

# Channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of that size, and residual blocks.
_WIDTHS = (24, 40, 80, 128, 128)
_BLOCKS = (0, 1, 2, 1, 1)
# Channels on the way back, at 1/16, 1/8, 1/4 and 1/2.
_DECODER = (128, 80, 64, 32)


def compact_depth_body(
    convolution: Callable[..., keras.layers.Layer] = keras.layers.Conv2D,
    size: int | None = None,
    dtype: str = "float32",
) -> keras.Model:
    """An encoder and a decoder of dense 3x3 convolutions, U-Net like.

    Dense ones, since depthwise convolutions are bound by memory on a CPU, and
    without normalization, which is folded into them after training.

    Args:
        convolution: Makes each convolution, called like `keras.layers.Conv2D`
            with a name; that of the last one in a residual branch ends in
            "_residual". Training passes a layer of its own.
        size: Height and width of the input, a multiple of 32, where fixed.
        dtype: Keras dtype policy of every layer.

    Returns:
        A model from (batch, size, size, 3) float32 RGB in 0..255 to a list:
        the (batch, size / 2, size / 2, 1) relative inverse depth, and features
        at 1/16, 1/8, 1/4 and 1/2 of the size (128, 80, 64, 32 channels).
    """

    def conv(x, filters, name, kernel_size=3, strides=1):
        return convolution(
            filters,
            kernel_size,
            strides=strides,
            padding="same",
            dtype=dtype,
            name=name,
        )(x)

    pictures = keras.Input((size, size, 3), name="pictures")
    # Not keras.layers.Rescaling, which imports TensorFlow on every backend.
    x = pictures / 64.0 - 2.0
    skips = []
    for level, (width, blocks) in enumerate(zip(_WIDTHS, _BLOCKS, strict=True)):
        x = ops.relu(conv(x, width, f"down{level}", strides=2))
        for block in range(blocks):
            name = f"down{level}_block{block}"
            branch = ops.relu(conv(x, width, f"{name}_first"))
            x = ops.relu(x + conv(branch, width, f"{name}_residual"))
        skips.append(x)
    features = []
    for level, width in zip((3, 2, 1, 0), _DECODER, strict=True):
        x = conv(x, width, f"up{level}_coarse")
        x = keras.layers.UpSampling2D(dtype=dtype)(x)
        skip = conv(skips[level], width, f"up{level}_skip", kernel_size=1)
        x = ops.relu(x + skip)
        features.append(x)
    x = ops.relu(conv(x, 16, "head"))
    return keras.Model(pictures, [conv(x, 1, "inverse_depth"), *features])


class CompactDepth(DepthEstimator):
    """Relative inverse depth from a network of 1.5 million weights.

    Trained by this project (`tools/distill.py depth`); docs/compact_depth.md
    says on what, how good it is, and where not to trust it.
    """

    quantity = "inverse_depth"
    is_metric = False

    def __init__(
        self,
        weights: Mapping[str, np.ndarray] | None = None,
        dtype: str = "float32",
        name: str = "compact_depth",
    ):
        """Builds the network.

        Args:
            weights: Arrays named as the layers of `compact_depth_body`
                ("down0/kernel", "down0/bias", …); the shipped ones by default.
            dtype: Keras dtype policy; `mixed_bfloat16` computes in bfloat16.
                The map and the features are float32 always.
            name: Name of the model.

        Raises:
            RequestError: The shipped file is missing or damaged.
        """
        super().__init__(name=name, dtype=dtype)
        if weights is None:
            weights = read_shipped_weights(WEIGHTS)
        self.body = compact_depth_body(size=SIZE, dtype=dtype)
        self.body.trainable = False
        for layer in self.body.layers:
            if layer.weights:
                layer.set_weights(
                    [weights[f"{layer.name}/{k}"] for k in ("kernel", "bias")]
                )
        self.built = True

    def outputs(self, pictures):
        """Inverse depth and features, computed once.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255, of any
                size; they are squeezed to `SIZE` x `SIZE`.

        Returns:
            The (batch, SIZE / 2, SIZE / 2) float32 map, larger where nearer,
            about 1/metre in a room but trustworthy only up to scale and shift;
            and the float32 features of the decoder at 1/16, 1/8, 1/4 and 1/2
            of `SIZE` (128, 80, 64 and 32 channels, values from 0 up).
        """
        # Means of 2x2 after plain bilinear to twice the size, which alone
        # would look at every other pixel of larger pictures.
        x = resize_bilinear(pictures, (2 * SIZE, 2 * SIZE))
        inverse_depth, *features = [
            ops.cast(tensor, "float32")
            for tensor in self.body(ops.average_pool(x, 2, strides=2))
        ]
        return inverse_depth[..., 0], features
