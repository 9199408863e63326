"""Networks trained on ImageNet, whose features are compared.

Each computes no deeper than the deepest layer asked for. `weights` "imagenet"
are downloaded on first use. A RequestError names a layer that is unknown, and
weights that cannot be had or lack a layer.
"""

import contextlib
import os
import pathlib
import warnings
from collections.abc import Collection, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from fast_depth_style.errors import RequestError
from fast_depth_style.perception.frozen_network import FrozenNetwork
from fast_depth_style.perception.layer_names import require_layers
from fast_depth_style.perception.weight_files import (
    damaged_files_named,
    download,
    read_convolutions,
)

_STORE = "https://storage.googleapis.com/"
_KERAS = _STORE + "tensorflow/keras-applications/"
_VGG19_URL = _KERAS + "vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
_VGG19_MD5 = "253f8cb515780f3b799900260a226db6"
_BLOCKS = {1: (64, 2), 2: (128, 2), 3: (256, 4), 4: (512, 4), 5: (512, 4)}
_FIRE_CHANNELS = (128, 128, 256, 256, 384, 384, 512, 512)
_POOLED_BEFORE = ("fire2", "fire4", "fire6")

VGG19_LAYERS = tuple(
    f"relu{block}_{i}"
    for block, (_, convolutions) in _BLOCKS.items()
    for i in range(1, convolutions + 1)
)
"""Every layer of `VGG19`, shallowest first."""

SQUEEZENET_LAYERS = ("conv1", *(f"fire{i}" for i in range(2, 10)))
"""Every layer of `SqueezeNet`, shallowest first."""

KERAS_APPLICATIONS = {
    "resnet50": (
        "ResNet50",
        _KERAS + "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "4d473c1dd8becc155b73f8504c6f6626",
        ("_relu", "_out"),
    ),
    "efficientnetb0": (
        "EfficientNetB0",
        _STORE + "keras-applications/efficientnetb0_notop.h5",
        "50bc09e76180e00e4465e1a485ddc09d",
        ("_activation", "_project_bn", "_add"),
    ),
}
"""Name in Keras, address and MD5 of the weights, and how the names of the
layers end that can be asked for: results of a block or of a rectifier in it."""


class VGG19(FrozenNetwork):
    """Frozen VGG19 (Simonyan, Zisserman 2014)."""

    def __init__(
        self,
        layers: Collection[str],
        weights: str | os.PathLike[str] = "imagenet",
        pooling: str = "max",
        **kwargs: Any,
    ):
        """Loads the network; `kwargs` go to `FrozenNetwork`.

        Weights are "imagenet" or a file with layers `block1_conv1`, … as for
        `read_convolutions`. Pooling is "max", as it was trained, or "average",
        which gives smoother gradients (Gatys, Ecker, Bethge 2015, section 4).
        """
        names = require_layers("VGG19", VGG19_LAYERS, layers)
        if weights == "imagenet":
            instead = "--perceptual_network=vgg19:FILE.npz or compact"
            weights = download(_VGG19_URL, _VGG19_MD5, "VGG19", instead)
        shapes, inputs = {}, 3
        for name in _down_to(names[-1], VGG19_LAYERS):
            outputs, _ = _BLOCKS[int(name[4])]
            shapes[_vgg19_key(name)] = (3, 3, inputs, outputs)
            inputs = outputs
        super().__init__(read_convolutions(weights, shapes, "VGG19"), **kwargs)
        self.layer_names = names
        poolings = {"max": ops.max_pool, "average": ops.average_pool}
        self._pool = poolings[pooling]

    def call(self, pictures: Any) -> dict[str, Any]:
        """{layer name: (batch, h, w, channels) features of pictures}."""
        x = ops.cast(_caffe_input(pictures), self.compute_dtype)
        found = {}
        for name in _down_to(self.layer_names[-1], VGG19_LAYERS):
            if name.endswith("_1") and name != VGG19_LAYERS[0]:
                x = self._pool(x, 2, 2, data_format="channels_last")
            x = self._convolve(x, _vgg19_key(name))
            if name in self.layer_names:
                found[name] = x
        return found


class SqueezeNet(FrozenNetwork):
    """Frozen SqueezeNet 1.1 (Iandola et al. 2016).

    Features lie at 1/2 (conv1), 1/4 (fire2, 3), 1/8 (fire4, 5) and 1/16 (from
    fire6) of the size, less a rim: its first convolution and its pooling do
    not pad.
    """

    def __init__(
        self,
        layers: Collection[str],
        weights: str | os.PathLike[str],
        **kwargs: Any,
    ):
        """Loads the network; `kwargs` go to `FrozenNetwork`.

        Weights are a file with layers `conv1`, `fire2/squeeze1x1`,
        `fire2/expand1x1`, `fire2/expand3x3`, … as for `read_convolutions`.
        """
        names = require_layers("SqueezeNet", SQUEEZENET_LAYERS, layers)
        shapes, inputs = {"conv1": (3, 3, 3, 64)}, 64
        fires = _down_to(names[-1], SQUEEZENET_LAYERS)[1:]
        for name, outputs in zip(fires, _FIRE_CHANNELS, strict=False):
            half, squeezed = outputs // 2, outputs // 8
            shapes |= {
                f"{name}/squeeze1x1": (1, 1, inputs, squeezed),
                f"{name}/expand1x1": (1, 1, squeezed, half),
                f"{name}/expand3x3": (3, 3, squeezed, half),
            }
            inputs = outputs
        convolutions = read_convolutions(weights, shapes, "SqueezeNet")
        super().__init__(convolutions, **kwargs)
        self.layer_names = names

    def call(self, pictures: Any) -> dict[str, Any]:
        """{layer name: (batch, h, w, channels) features of pictures}.

        Raises:
            RequestError: The pictures are too small for the deepest layer.
        """
        names = _down_to(self.layer_names[-1], SQUEEZENET_LAYERS)
        least = 2 ** (2 + sum(name in _POOLED_BEFORE for name in names)) - 1
        if any(n is not None and n < least for n in pictures.shape[1:3]):
            raise RequestError(
                f"SqueezeNet's {names[-1]} needs pictures of at least"
                f" {least}x{least} pixels: give larger ones or ask for"
                " shallower layers"
            )
        x = ops.cast(_caffe_input(pictures), self.compute_dtype)
        x = self._convolve(x, "conv1", strides=2, padding="valid")
        found = {"conv1": x} if "conv1" in self.layer_names else {}
        for name in names[1:]:
            if name in _POOLED_BEFORE:
                x = ops.max_pool(x, 3, 2, data_format="channels_last")
            x = self._convolve(x, f"{name}/squeeze1x1")
            expanded = [f"{name}/expand{n}" for n in ("1x1", "3x3")]
            x = ops.concatenate([self._convolve(x, n) for n in expanded], -1)
            if name in self.layer_names:
                found[name] = x
        return found


class KerasApplication(FrozenNetwork):
    """A network of Keras Applications.

    It computes in float32 under every policy: channels differ by orders of
    magnitude. Its batch normalization uses the statistics of its training.
    """

    def __init__(
        self,
        kind: str,
        layers: Collection[str],
        weights: str | os.PathLike[str] = "imagenet",
    ):
        """Loads the network; `kind` is a key of `KERAS_APPLICATIONS`.

        Weights are "imagenet" or a file of ImageNet weights without the top:
        `.h5` as Keras ships it, or `.weights.h5` as `save_weights` writes it.
        """
        name, url, md5, endings = KERAS_APPLICATIONS[kind]
        with _explicit_defaults():
            make = getattr(keras.applications, name)
            body = make(include_top=False, weights=None)
        known = [n.name for n in body.layers if n.name.endswith(endings)]
        names = require_layers(name, known, layers)
        if weights == "imagenet":
            instead = f"--perceptual_network={kind}:FILE.h5"
            weights = download(url, md5, name, instead)
        _load(name, body, pathlib.Path(weights))
        super().__init__()
        self.layer_names = names
        # EfficientNet does its preprocessing inside.
        self._prepare = _caffe_input if kind == "resnet50" else lambda x: x
        self._body = keras.Model(
            body.inputs, {name: body.get_layer(name).output for name in names}
        )
        self._body.trainable = False

    def call(self, pictures: Any) -> dict[str, Any]:
        """{layer name: (batch, h, w, channels) features of pictures}."""
        return self._body(self._prepare(pictures), training=False)


def _caffe_input(pictures):
    """BGR less the mean colour of ImageNet, as Caffe's networks were fed."""
    mean = ops.array((103.939, 116.779, 123.68), "float32")
    return ops.flip(pictures, -1) - mean


def _down_to(name, layers):
    return layers[: layers.index(name) + 1]


def _vgg19_key(name):
    return f"block{name[4]}_conv{name[6]}"


@contextlib.contextmanager
def _explicit_defaults() -> Iterator[None]:
    """Keras's defaults: its applications take them from ~/.keras/keras.json."""
    config = keras.config
    before = config.image_data_format(), config.floatx(), config.dtype_policy()

    def set_all(data_format, floatx, policy):
        config.set_image_data_format(data_format)
        config.set_floatx(floatx)
        config.set_dtype_policy(policy)

    try:
        set_all("channels_last", "float32", "float32")
        yield
    finally:
        set_all(*before)


def _load(network: str, body: keras.Model, path: pathlib.Path) -> None:
    what = f"{network} (without its top)"
    with damaged_files_named(path, what), warnings.catch_warnings():
        if path.suffix not in (".h5", ".hdf5"):
            raise ValueError("it is to be an .h5 or .weights.h5 file")
        # Of another network's file, Keras warns layer by layer and then fails.
        warnings.simplefilter("ignore")
        body.load_weights(path)
    # EfficientNet's ImageNet weights were trained on (x - mean) / deviation. In
    # its normalization the deviations stand for variances, so it divides by
    # their roots; Keras puts in a second division when it loads them itself.
    for layer in body.layers:
        if isinstance(layer, keras.layers.Normalization):
            mean, variance, count = layer.get_weights()
            variance = variance * np.float32((0.229, 0.224, 0.225))
            layer.set_weights([mean, variance, count])
            layer.finalize_state()
