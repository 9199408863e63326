"""VGG19 features (Simonyan, Zisserman 2014) up to a named layer."""

from collections.abc import Collection

from keras import ops

from fast_depth_style.perception.frozen_network import (
    FrozenNetwork,
    caffe_input,
)
from fast_depth_style.perception.layer_names import require_layers
from fast_depth_style.perception.weight_files import (
    download_application,
    read_convolutions,
)
from fast_depth_style.requests import RequestError

_CONVS_PER_BLOCK = (2, 2, 4, 4, 4)
_CHANNELS = (64, 128, 256, 512, 512)

LAYERS = tuple(
    f"relu{block}_{conv}"
    for block, convs in enumerate(_CONVS_PER_BLOCK, 1)
    for conv in range(1, convs + 1)
)
"""Every layer whose features can be asked for, shallowest first."""

POOLINGS = ("max", "average")
"""How features are halved from block to block."""


class VGG19(FrozenNetwork):
    """Frozen VGG19 that computes no deeper than the deepest layer asked for.

    Attributes:
        layer_names: The layers it returns, shallowest first.
    """

    def __init__(
        self,
        layers: Collection[str],
        weights: str = "imagenet",
        pooling: str = "max",
        **kwargs,
    ):
        """Loads the network.

        Args:
            layers: Names out of `LAYERS`.
            weights: "imagenet" (from Keras Applications, downloaded on first
                use) or a file: `.npz` with keys `block1_conv1/kernel`,
                `block1_conv1/bias`, … or `.h5` as Keras ships it.
            pooling: "max", as it was trained, or "average", which gives
                smoother gradients (Gatys, Ecker, Bethge 2015, section 4).
            **kwargs: Passed on to `keras.Model`.

        Raises:
            RequestError: Unknown layer or pooling; weights that cannot be
                read, or lack a layer that is needed.
        """
        names = require_layers("VGG19", LAYERS, layers)
        if pooling not in POOLINGS:
            raise RequestError(
                f"no pooling {pooling!r}: choose {' or '.join(POOLINGS)}"
            )
        super().__init__(_read(weights, names[-1]), **kwargs)
        self.layer_names = names
        self._pool = ops.max_pool if pooling == "max" else ops.average_pool

    def call(self, pictures):
        """Computes features.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            {layer name: (batch, h, w, channels) in the compute dtype}.
        """
        x = ops.cast(caffe_input(pictures), self.compute_dtype)
        found = {}
        for name in _down_to(self.layer_names[-1]):
            if name.endswith("_1") and _block(name) > 1:
                x = self._pool(x, 2, 2)
            x = self.convolve(x, _file_name(name))
            if name in self.layer_names:
                found[name] = x
        return found


def _down_to(name):
    return LAYERS[: LAYERS.index(name) + 1]


def _block(name):
    return int(name[4])


def _file_name(name):
    return f"block{name[4]}_conv{name[6]}"


def _read(weights, deepest):
    """Returns {file name: (kernel, bias)} from a file or the download."""
    if weights != "imagenet":
        shapes, channels = {}, 3
        for name in _down_to(deepest):
            shape = (3, 3, channels, _CHANNELS[_block(name) - 1])
            shapes[_file_name(name)] = shape
            channels = shape[-1]
        return read_convolutions(weights, shapes, "VGG19")
    model = download_application(
        "VGG19", "--perceptual_network=vgg19:FILE.npz or compact"
    )
    names = map(_file_name, _down_to(deepest))
    return {n: tuple(model.get_layer(n).get_weights()) for n in names}
