"""Default layers of perceptual networks. Imports nothing heavy."""

import dataclasses
from collections.abc import Collection, Sequence

from fast_depth_style.errors import RequestError


@dataclasses.dataclass(frozen=True)
class DefaultLayers:
    """The layers that are used by default, shallowest first.

    Attributes:
        style: Layers whose Gram matrices are compared.
        content: Layer whose features are compared.
        reconstructed_style: Layers from which style is reconstructed: from
            the first, the first two, and so on.
        reconstructed_content: Layers from each of which content is
            reconstructed.
    """

    style: tuple[str, ...]
    content: str
    reconstructed_style: tuple[str, ...]
    reconstructed_content: tuple[str, ...]


_VGG19 = DefaultLayers(
    style=("relu1_1", "relu2_1", "relu3_1", "relu3_4"),
    content="relu3_1",
    # Gatys, Ecker, Bethge 2015, figure 1.
    reconstructed_style=tuple(f"relu{block}_1" for block in range(1, 6)),
    reconstructed_content=tuple(f"relu{block}_2" for block in range(1, 6)),
)
_SQUEEZENET = ("conv1", "fire3", "fire5", "fire7", "fire9")
_RESNET50 = (
    "conv1_relu",
    "conv2_block3_out",
    "conv3_block4_out",
    "conv4_block6_out",
    "conv5_block3_out",
)
# The last block of each resolution, before its activation: in Gram matrices of
# activations the mean outweighs the rest.
_EFFICIENTNETB0 = (
    "block1a_project_bn",
    "block2b_add",
    "block3b_add",
    "block5c_add",
    "block7a_project_bn",
)
_DEFAULTS = {
    "compact": DefaultLayers(
        _VGG19.style, _VGG19.content, _VGG19.style, _VGG19.style
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
    """The default layers of a perceptual network, VGG19's of an unknown one."""
    return _DEFAULTS.get(spec.partition(":")[0], _VGG19)


def require_layers(
    network: str, known: Sequence[str], layers: Collection[str]
) -> tuple[str, ...]:
    """Puts layers into a network's order, `known`, without repetition.

    Raises:
        RequestError: The network lacks one, or none is asked for.
    """
    unknown = sorted(set(layers) - set(known))
    if unknown or not layers:
        what = f"has no layer {unknown[0]!r}" if unknown else "needs a layer"
        raise RequestError(f"{network} {what}: it has {', '.join(known)}")
    return tuple(name for name in known if name in layers)
