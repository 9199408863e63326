r"""Shows what the layers of a perceptual network keep of content and style.

    fast-depth-style reconstruct --picture=photo.jpg --style=wave.jpg \
        --output=inside.png

Above: the photo from one layer at a time; below: the painting's style from
more and more layers. Stop it when you like: the same command continues.
"""

from absl import flags

from fast_depth_style.optimization.reconstruction_settings import (
    ReconstructionSettings,
)
from fast_depth_style.optimization.settings import POOLINGS
from fast_depth_style.perception.layer_names import default_layers
from fast_depth_style.tools import program

_D = ReconstructionSettings
_LAYERS_OF = default_layers(_D.perceptual_network)

_PICTURE = flags.DEFINE_string(
    "picture", _D.picture, "The picture whose content is reconstructed."
)
_STYLE = flags.DEFINE_string(
    "style", _D.style, "The painting whose style is reconstructed."
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "The sheet's file (.jpg, .png, .tif, .webp); the reconstructions go to a"
    " folder beside it, NAME.run.",
    required=True,
)
_PERCEPTUAL_NETWORK = flags.DEFINE_string(
    "perceptual_network",
    _D.perceptual_network,
    "The network that is looked into: vgg19, vgg19:FILE, compact,"
    " squeezenet:FILE.h5, resnet50, resnet50:FILE.h5, efficientnetb0 or"
    " efficientnetb0:FILE.h5.",
)
_POOLING = flags.DEFINE_enum(
    "pooling",
    _D.pooling,
    [*POOLINGS],
    "In VGG19; average gives smoother gradients.",
)
_LAYERS = flags.DEFINE_list(
    "layers",
    None,
    "Layers from each of which content is reconstructed; by default the"
    " network's, of vgg19 " + ",".join(_LAYERS_OF.reconstructed_content) + ".",
)
_STYLE_LAYERS = flags.DEFINE_list(
    "style_layers",
    None,
    "Style is reconstructed from the first of these layers, the first two, and"
    " so on; by default the network's, of vgg19 "
    + ",".join(_LAYERS_OF.reconstructed_style)
    + ".",
)
_ITERATIONS = flags.DEFINE_integer(
    "iterations",
    _D.iterations,
    "Steps for each reconstruction; may be raised later.",
)
_SIZE = flags.DEFINE_integer(
    "size", _D.size, "Long side of the pictures, in pixels."
)
_SEED = flags.DEFINE_integer("seed", _D.seed, "Of the noise.")


def main() -> None:
    """Makes the sheet, or continues to."""
    settings = ReconstructionSettings(
        picture=_PICTURE.value,
        style=_STYLE.value,
        perceptual_network=_PERCEPTUAL_NETWORK.value,
        pooling=_POOLING.value,
        layers=None if _LAYERS.value is None else tuple(_LAYERS.value),
        style_layers=(
            None if _STYLE_LAYERS.value is None else tuple(_STYLE_LAYERS.value)
        ),
        iterations=_ITERATIONS.value,
        size=_SIZE.value,
        seed=_SEED.value,
    )
    from fast_depth_style.optimization.reconstruction import reconstruct
    from fast_depth_style.training.checkpoint import NotFiniteError

    try:
        folder = reconstruct(settings, _OUTPUT.value)
    except NotFiniteError as error:
        program.fail(str(error))
    print(f"Done: {_OUTPUT.value}; each reconstruction is in {folder}")


if __name__ == "__main__":
    program.run(main)
