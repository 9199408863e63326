"""Which layers of a perceptual network to look at. Imports nothing heavy."""

import dataclasses
from collections.abc import Collection, Sequence

from fast_depth_style.requests import RequestError


@dataclasses.dataclass(frozen=True)
class DefaultLayers:
    """What is looked at where nobody names layers.

    Attributes:
        style: Layers whose Gram matrices are compared.
        content: Layer whose features are compared.
        reconstructed_style: Layers whose growing sets show what style is,
            shallowest first.
        reconstructed_content: Layers that show what is left of a picture,
            shallowest first.
    """

    style: tuple[str, ...]
    content: str
    reconstructed_style: tuple[str, ...]
    reconstructed_content: tuple[str, ...]


_VGG19 = DefaultLayers(
    style=("relu1_1", "relu2_1", "relu3_1", "relu3_4"),
    content="relu3_1",
    # Gatys, Ecker, Bethge 2015, figure 1.
    reconstructed_style=(
        "relu1_1",
        "relu2_1",
        "relu3_1",
        "relu4_1",
        "relu5_1",
    ),
    reconstructed_content=(
        "relu1_2",
        "relu2_2",
        "relu3_2",
        "relu4_2",
        "relu5_2",
    ),
)
_SQUEEZENET = ("conv1", "fire3", "fire5", "fire7", "fire9")
_RESNET50 = (
    "conv1_relu",
    "conv2_block3_out",
    "conv3_block4_out",
    "conv4_block6_out",
    "conv5_block3_out",
)
# What the last block of each resolution hands on: it is linear, and in Gram
# matrices of a like network's activations their mean drowns the rest.
_EFFICIENTNETB0 = (
    "block1a_project_bn",
    "block2b_add",
    "block3b_add",
    "block5c_add",
    "block7a_project_bn",
)

_DEFAULTS = {
    "vgg19": _VGG19,
    "compact": dataclasses.replace(
        _VGG19,
        reconstructed_style=_VGG19.style,
        reconstructed_content=_VGG19.style,
    ),
    "squeezenet": DefaultLayers(
        ("conv1", "fire3", "fire4", "fire5"), "fire2", *[_SQUEEZENET] * 2
    ),
    "resnet50": DefaultLayers(
        _RESNET50[:4], "conv2_block3_out", *[_RESNET50] * 2
    ),
    "efficientnetb0": DefaultLayers(
        _EFFICIENTNETB0[:4], "block2b_add", *[_EFFICIENTNETB0] * 2
    ),
}


def default_layers(spec: str) -> DefaultLayers:
    """The layers to look at in a perceptual network, by its name.

    Args:
        spec: As for `registry.perceptual_network`, which refuses what there is
            not; here that has VGG19's layers.
    """
    return _DEFAULTS.get(spec.partition(":")[0], _VGG19)


def require_layers(
    network: str, known: Sequence[str], layers: Collection[str]
) -> tuple[str, ...]:
    """Checks that a network has the layers, and puts them in its order.

    Args:
        network: Its name, for the message.
        known: The layers it has, shallowest first.
        layers: Those that are asked for.

    Returns:
        `layers` without repetition, shallowest first.

    Raises:
        RequestError: It lacks one, or none is asked for.
    """
    unknown = sorted(set(layers) - set(known))
    if unknown or not layers:
        what = f"has no layer {unknown[0]!r}" if unknown else "needs a layer"
        raise RequestError(f"{network} {what}: it has {', '.join(known)}")
    return tuple(name for name in known if name in layers)
