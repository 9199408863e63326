"""Features of networks of Keras Applications: ResNet50, EfficientNetB0."""

import os
import pathlib
import string
import warnings
from collections.abc import Collection

import keras
import numpy as np

from fast_depth_style.perception.frozen_network import caffe_input
from fast_depth_style.perception.layer_names import require_layers
from fast_depth_style.perception.weight_files import download_application
from fast_depth_style.requests import RequestError

_STDDEV_RGB = (0.229, 0.224, 0.225)

_RESNET50_LAYERS = (
    "conv1_relu",
    *(
        f"conv{stage}_block{block}_{part}"
        for stage, blocks in enumerate((3, 4, 6, 3), 2)
        for block in range(1, blocks + 1)
        for part in ("1_relu", "2_relu", "out")
    ),
)


def _efficientnet_layers():
    names = ["stem_activation"]
    for stage, blocks in enumerate((1, 2, 2, 3, 3, 4, 1), 1):
        for letter in string.ascii_lowercase[:blocks]:
            parts = ["expand_activation", "activation", "project_bn", "add"]
            # The first block does not expand, the first of a stage not add.
            parts = parts[1:] if stage == 1 else parts
            parts = parts[:-1] if letter == "a" else parts
            names += [f"block{stage}{letter}_{part}" for part in parts]
    return (*names, "top_activation")


LAYERS = {
    "ResNet50": _RESNET50_LAYERS,
    "EfficientNetB0": _efficientnet_layers(),
}
"""{network: every layer that can be asked for, shallowest first}."""


class KerasApplication(keras.Model):
    """A frozen network, computed no deeper than the deepest layer asked for.

    It computes in float32 under every policy: channels differ by orders of
    magnitude. Its batch normalization uses the statistics of its training.

    Attributes:
        layer_names: The layers it returns, shallowest first.
    """

    def __init__(
        self,
        application: str,
        layers: Collection[str],
        weights: str | os.PathLike = "imagenet",
        **kwargs,
    ):
        """Loads the network.

        Args:
            application: A key of `LAYERS`.
            layers: Names out of its `LAYERS`, which are those of Keras.
            weights: "imagenet" (downloaded on first use) or a file of ImageNet
                weights without the top: `.h5` as Keras ships it, or
                `.weights.h5` as `save_weights` writes it.
            **kwargs: Passed on to `keras.Model`.

        Raises:
            RequestError: Unknown layer, or weights that cannot be had.
        """
        names = require_layers(application, LAYERS[application], layers)
        super().__init__(trainable=False, **{**kwargs, "dtype": "float32"})
        self.layer_names = names
        if weights == "imagenet":
            body = download_application(
                application,
                f"--perceptual_network={application.lower()}:FILE.h5",
            )
        else:
            body = _read(application, pathlib.Path(weights))
        self._is_caffe = application == "ResNet50"
        self._body = keras.Model(
            body.inputs, {name: body.get_layer(name).output for name in names}
        )
        self._body.trainable = False
        self.built = True

    def call(self, pictures):
        """Computes features.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            {layer name: (batch, h, w, channels) float32}.
        """
        # EfficientNet does its preprocessing inside.
        x = caffe_input(pictures) if self._is_caffe else pictures
        return self._body(x, training=False)


def _read(application, path):
    if not path.is_file():
        raise RequestError(f"no {application} weight file at {path}")
    if path.suffix not in (".h5", ".hdf5"):
        raise RequestError(
            f"{path}: {application} weights are an .h5 or .weights.h5 file"
        )
    body = getattr(keras.applications, application)(
        include_top=False, weights=None
    )
    try:
        # Of another network's file, Keras warns layer by layer and then fails.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body.load_weights(path)
    # Which exception it is depends on the kind of file and what is wrong.
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise RequestError(
            f"cannot read {application} weights from {path}: {reason}; give"
            f" weights of {application} without its top"
        ) from error
    if application == "EfficientNetB0":
        _divide_by_deviation(body)
    return body


def _divide_by_deviation(body):
    """Completes the preprocessing of ImageNet weights that came from a file.

    They were trained on (x - mean) / deviation. In their normalization the
    deviations stand for variances, so it divides by their roots; Keras adds
    the second division by them only when it downloads the weights itself.
    """
    for layer in body.layers:
        if isinstance(layer, keras.layers.Normalization):
            mean, variance, count = layer.get_weights()
            variance = variance * np.float32(_STDDEV_RGB)
            layer.set_weights([mean, variance, count])
            layer.finalize_state()
