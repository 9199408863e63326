"""SqueezeNet 1.1 features (Iandola et al. 2016) up to a named layer."""

import os
from collections.abc import Collection

from keras import ops

from fast_depth_style.perception.frozen_network import (
    FrozenNetwork,
    caffe_input,
)
from fast_depth_style.perception.layer_names import require_layers
from fast_depth_style.perception.weight_files import read_convolutions
from fast_depth_style.requests import RequestError

_CHANNELS = {"conv1": 64} | {
    f"fire{index}": channels
    for index, channels in enumerate(
        (128, 128, 256, 256, 384, 384, 512, 512), 2
    )
}
_POOLED_BEFORE = ("fire2", "fire4", "fire6")

LAYERS = tuple(_CHANNELS)
"""Every layer whose features can be asked for, shallowest first."""


class SqueezeNet(FrozenNetwork):
    """Frozen SqueezeNet, no deeper than the deepest layer asked for.

    Features lie at 1/2 (conv1), 1/4 (fire2, 3), 1/8 (fire4, 5) and 1/16 (from
    fire6) of the size, less a rim: its first convolution and its pooling do
    not pad.

    Attributes:
        layer_names: The layers it returns, shallowest first.
    """

    def __init__(
        self, layers: Collection[str], weights: str | os.PathLike, **kwargs
    ):
        """Loads the network.

        Args:
            layers: Names out of `LAYERS`.
            weights: An `.h5` file as Keras writes it, with groups `conv1`,
                `fire2/squeeze1x1`, `fire2/expand1x1`, `fire2/expand3x3`, …, or
                an `.npz` with keys `conv1/kernel`, `conv1/bias`, ….
            **kwargs: Passed on to `keras.Model`.

        Raises:
            RequestError: Unknown layer; weights that cannot be read, or lack a
                layer that is needed.
        """
        names = require_layers("SqueezeNet", LAYERS, layers)
        shapes = _shapes(names[-1])
        super().__init__(
            read_convolutions(weights, shapes, "SqueezeNet"), **kwargs
        )
        self.layer_names = names

    def call(self, pictures):
        """Computes features.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            {layer name: (batch, h, w, channels) in the compute dtype}.

        Raises:
            RequestError: The pictures are too small for the deepest layer.
        """
        x = ops.cast(caffe_input(pictures), self.compute_dtype)
        _require_size(pictures.shape[1:3], self.layer_names[-1])
        found = {}
        for name in _down_to(self.layer_names[-1]):
            if name in _POOLED_BEFORE:
                x = ops.max_pool(x, 3, 2)
            x = self._fire(x, name) if name != "conv1" else self._first(x)
            if name in self.layer_names:
                found[name] = x
        return found

    def _first(self, x):
        return self.convolve(x, "conv1", strides=2, padding="valid")

    def _fire(self, x, name):
        x = self.convolve(x, f"{name}/squeeze1x1")
        expanded = [
            self.convolve(x, f"{name}/expand{size}") for size in ("1x1", "3x3")
        ]
        return ops.concatenate(expanded, -1)


def _down_to(name):
    return LAYERS[: LAYERS.index(name) + 1]


def _shapes(deepest):
    """{file name: kernel shape} of what leads to a layer."""
    shapes, channels = {"conv1": (3, 3, 3, 64)}, 64
    for name in _down_to(deepest)[1:]:
        half = _CHANNELS[name] // 2
        squeezed = half // 4
        shapes |= {
            f"{name}/squeeze1x1": (1, 1, channels, squeezed),
            f"{name}/expand1x1": (1, 1, squeezed, half),
            f"{name}/expand3x3": (3, 3, squeezed, half),
        }
        channels = _CHANNELS[name]
    return shapes


def _require_size(size, deepest):
    halved = 1 + sum(name in _POOLED_BEFORE for name in _down_to(deepest))
    least = 2 ** (halved + 1) - 1
    if any(side is not None and side < least for side in size):
        raise RequestError(
            f"SqueezeNet's {deepest} needs pictures of at least {least}x{least}"
            " pixels: give larger ones or ask for shallower layers"
        )
