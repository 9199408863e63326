"""From a command line's name of a network to the network."""

import keras

from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.requests import RequestError

PERCEPTUAL_SPECS = (
    "vgg19, vgg19:FILE.npz, vgg19:FILE.h5, compact, squeezenet:FILE.h5,"
    " resnet50, resnet50:FILE.h5, efficientnetb0, efficientnetb0:FILE.h5"
)
DEPTH_SPECS = "hub:HANDLE_OR_FOLDER, fast_depth:FILE, fcrn:FILE, compact, none"

_APPLICATIONS = {"resnet50": "ResNet50", "efficientnetb0": "EfficientNetB0"}


def perceptual_network(
    spec: str, layers, dtype="float32", pooling: str = "max"
) -> keras.Model:
    """Makes the network in which style and content are felt.

    Args:
        spec: One of `PERCEPTUAL_SPECS`.
        layers: Names of the layers to return, such as "relu3_1".
        dtype: Keras dtype or policy to compute in, where the network lets it
            be chosen.
        pooling: "max" or, in VGG19 alone, "average".

    Returns:
        A frozen model from (batch, height, width, 3) float32 RGB in 0..255 to
        {layer name: (batch, h, w, channels)}.

    Raises:
        RequestError: No such network or layer, or its weights cannot be had.
    """
    kind, _, argument = spec.partition(":")
    if kind == "vgg19":
        from fast_depth_style.perception.vgg19 import VGG19

        return VGG19(layers, argument or "imagenet", pooling, dtype=dtype)
    if pooling != "max":
        raise RequestError(f"{kind} has no {pooling} pooling: use vgg19")
    if kind == "squeezenet" and argument:
        from fast_depth_style.perception.squeezenet import SqueezeNet

        return SqueezeNet(layers, argument, dtype=dtype)
    if kind in _APPLICATIONS:
        from fast_depth_style.perception.keras_application import (
            KerasApplication,
        )

        return KerasApplication(
            _APPLICATIONS[kind], layers, argument or "imagenet"
        )
    if spec == "compact":
        from fast_depth_style.perception.compact_perceptual import (
            CompactPerceptual,
        )

        return CompactPerceptual(layers, dtype=dtype)
    raise RequestError(
        f"no perceptual network {spec!r}: choose one of {PERCEPTUAL_SPECS}"
    )


def depth_network(spec: str, dtype="float32") -> DepthEstimator | None:
    """Makes the network that feels depth; None for "none".

    Args:
        spec: One of `DEPTH_SPECS`, or several but "none" with commas between
            them, to be learned from together.
        dtype: Keras dtype or policy that the compact network computes in. The
            others take float32: FastDepth's depthwise convolutions are not
            faster in bfloat16 on a CPU.

    Raises:
        RequestError: No such network, or it cannot be loaded.
    """
    kind, _, argument = spec.partition(":")
    if spec == "none":
        return None
    if "," in spec:
        from fast_depth_style.perception.depth_ensemble import DepthEnsemble

        parts = spec.split(",")
        estimators = [depth_network(part, dtype) for part in parts]
        if None in estimators:
            raise RequestError(f"{spec!r}: none goes with no other network")
        return DepthEnsemble(estimators)
    if spec == "compact":
        from fast_depth_style.perception.compact_depth import CompactDepth

        return CompactDepth(dtype=dtype)
    if kind == "hub":
        from fast_depth_style.perception.hub_depth import MIDAS_HANDLE, HubDepth

        return HubDepth(argument or MIDAS_HANDLE)
    if kind == "fast_depth" and argument:
        from fast_depth_style.perception.fast_depth import FastDepth

        return FastDepth(argument)
    if kind == "fcrn" and argument:
        from fast_depth_style.perception.fcrn import FCRN

        return FCRN(argument)
    raise RequestError(
        f"no depth network {spec!r}: choose one of {DEPTH_SPECS}"
    )
