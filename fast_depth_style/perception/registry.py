"""Makes networks from their names on the command line."""

from collections.abc import Collection
from typing import Any

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.perception.compact_depth import CompactDepth
from fast_depth_style.perception.compact_perceptual import CompactPerceptual
from fast_depth_style.perception.depth_estimator import (
    DepthEnsemble,
    DepthEstimator,
)
from fast_depth_style.perception.fast_depth import FastDepth
from fast_depth_style.perception.fcrn import FCRN
from fast_depth_style.perception.frozen_network import FrozenNetwork
from fast_depth_style.perception.hub_depth import HubDepth
from fast_depth_style.perception.imagenet import (
    KERAS_APPLICATIONS,
    VGG19,
    KerasApplication,
    SqueezeNet,
)

PERCEPTUAL_SPECS = (
    "vgg19, vgg19:FILE.npz, vgg19:FILE.h5, compact, squeezenet:FILE.h5,"
    " resnet50, resnet50:FILE.h5, efficientnetb0, efficientnetb0:FILE.h5"
)
DEPTH_SPECS = "hub:HANDLE_OR_FOLDER, fast_depth:FILE, fcrn:FILE, compact, none"


def perceptual_network(
    spec: str,
    layers: Collection[str],
    dtype: Any = "float32",
    pooling: str = "max",
) -> FrozenNetwork:
    """Makes the network whose features style and content are compared in.

    Args:
        spec: One of `PERCEPTUAL_SPECS`.
        layers: Names of the layers to return, such as "relu3_1".
        dtype: Keras dtype or policy, where the network lets it be chosen.
        pooling: "max" or, in VGG19 alone, "average".

    Returns:
        From pictures to {layer name: (batch, h, w, channels)}.

    Raises:
        RequestError: No such network or layer, or its weights cannot be had.
    """
    kind, file = _split(spec, "perceptual_network")
    if kind == "vgg19":
        return VGG19(layers, file or "imagenet", pooling, dtype=dtype)
    if pooling != "max":
        raise RequestError(f"{kind} has no {pooling} pooling: use vgg19")
    if kind == "squeezenet" and file:
        return SqueezeNet(layers, file, dtype=dtype)
    if kind in KERAS_APPLICATIONS:
        return KerasApplication(kind, layers, file or "imagenet")
    if spec == "compact":
        return CompactPerceptual(layers, dtype=dtype)
    raise RequestError(
        f"no perceptual network {spec!r}: choose one of {PERCEPTUAL_SPECS}"
    )


def depth_network(spec: str, dtype: Any = "float32") -> DepthEstimator | None:
    """Makes the network that estimates depth; None for "none".

    Args:
        spec: One of `DEPTH_SPECS`, or several but "none" with commas between
            them, to be learned from together.
        dtype: Keras dtype or policy that the compact network computes in. The
            others take float32: FastDepth's depthwise convolutions are not
            faster in bfloat16 on a CPU.

    Raises:
        RequestError: No such network, or it cannot be loaded.
    """
    if spec == "none":
        return None
    if "," in spec:
        found = [depth_network(part, dtype) for part in spec.split(",")]
        estimators = [e for e in found if e is not None]
        if len(estimators) < len(found):
            raise RequestError(f"{spec!r}: none goes with no other network")
        return DepthEnsemble(estimators)
    if spec == "compact":
        return CompactDepth(dtype=dtype)
    kind, file = _split(spec, "depth_network")
    if kind == "hub":
        return HubDepth(file) if file else HubDepth()
    if kind == "fast_depth" and file:
        return FastDepth(file)
    if kind == "fcrn" and file:
        return FCRN(file)
    raise RequestError(
        f"no depth network {spec!r}: choose one of {DEPTH_SPECS}"
    )


def _split(spec: str, flag: str) -> tuple[str, str]:
    """Kind and file or address of a spec; "" where there is no colon."""
    kind, colon, file = spec.partition(":")
    if colon and not file.strip():
        raise RequestError(f"--{flag}={spec} names no file: give one after it")
    if file and "://" not in file:
        file = str(files.resolve(file, flag))
    return kind, file
