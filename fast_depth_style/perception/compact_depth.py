"""The depth network that is shipped with the package."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from fast_depth_style.perception import COMPACT_DEPTH as WEIGHTS
from fast_depth_style.perception import COMPACT_DEPTH_SIZE as SIZE
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.perception.frozen_network import resize_bilinear
from fast_depth_style.perception.shipped_weights import (
    read_shipped_weights,
    set_weights,
)

# Channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of that size, and residual blocks.
_WIDTHS = (24, 40, 80, 128, 128)
_BLOCKS = (0, 1, 2, 1, 1)
# Level and channels on the way back, at 1/16, 1/8, 1/4 and 1/2.
_DECODER = {3: 128, 2: 80, 1: 64, 0: 32}


def compact_depth_body(
    convolution: Callable[..., keras.layers.Layer] | None = None,
    size: int | None = None,
    dtype: Any = "float32",
) -> keras.Model:
    """An encoder and a decoder of dense 3x3 convolutions, U-Net like.

    Dense ones, since depthwise convolutions are bound by memory on a CPU, and
    without normalization, which is folded into them after training.

    Args:
        convolution: Makes each convolution, called like `keras.layers.Conv2D`,
            its default; names of the last in a residual branch end in
            "_residual".
        size: Height and width of the input, a multiple of 32, where fixed.
        dtype: Keras dtype policy of every layer.

    Returns:
        From pictures to the (batch, size / 2, size / 2, 1) relative inverse
        depth, larger where nearer, and features at 1/16, 1/8, 1/4 and 1/2 of
        the size (128, 80, 64, 32 channels), in a list.
    """
    explicit = {"dtype": dtype, "data_format": "channels_last"}
    convolution = convolution or functools.partial(
        keras.layers.Conv2D, **explicit
    )

    def conv(x, filters, name, size=3, strides=1):
        options = {"strides": strides, "padding": "same", "dtype": dtype}
        return convolution(filters, size, name=name, **options)(x)

    pictures = keras.Input((size, size, 3), name="pictures", dtype="float32")
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
    for level, width in _DECODER.items():
        x = conv(x, width, f"up{level}_coarse")
        x = keras.layers.UpSampling2D(**explicit)(x)
        x = ops.relu(x + conv(skips[level], width, f"up{level}_skip", size=1))
        features.append(x)
    x = ops.relu(conv(x, 16, "head"))
    return keras.Model(pictures, [conv(x, 1, "inverse_depth"), *features])


class CompactDepth(DepthEstimator):
    """Relative inverse depth from a network of 1.5 million weights.

    Trained by this project: see research/notes.md for its data and limits.
    """

    quantity = "inverse_depth"

    def __init__(
        self,
        weights: Mapping[str, np.ndarray] | None = None,
        **kwargs: Any,
    ):
        """Builds the network; `kwargs` go to `FrozenNetwork`.

        Weights, named "down0/kernel", …, are by default the shipped ones.
        """
        super().__init__(**{"name": "compact_depth", **kwargs})
        self.body = compact_depth_body(size=SIZE, dtype=self.dtype_policy)
        self.body.trainable = False
        set_weights(self.body, weights or read_shipped_weights(WEIGHTS))

    def outputs(self, pictures: Any) -> tuple[list[Any], list[Any]]:
        """The map and features of `compact_depth_body`, float32 always.

        The map is about 1/metre in a room but trustworthy only up to scale and
        shift; features go from 0 up.
        """
        # Means of 2x2 after plain bilinear to twice the size, which alone
        # would look at every other pixel of larger pictures.
        x = resize_bilinear(pictures, (2 * SIZE, 2 * SIZE))
        x = ops.average_pool(x, 2, 2, data_format="channels_last")
        inverse_depth, *features = (
            ops.cast(tensor, "float32") for tensor in self.body(x)
        )
        return [inverse_depth[..., 0]], features
