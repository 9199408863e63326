r"""Makes one picture by optimizing its pixels: slow, and the best quality.

    fast-depth-style optimize --content=photo.jpg --style=wave.jpg \
        --output=painted.png

Watch painted.run/strip.png and losses.png. Stop it when you like: painted.png
is the picture so far, and the same command continues.
"""

from absl import flags

from fast_depth_style.optimization.settings import (
    OPTIMIZERS,
    POOLINGS,
    OptimizationSettings,
)
from fast_depth_style.perception.layer_names import default_layers
from fast_depth_style.requests import RequestError
from fast_depth_style.tools import program

_D = OptimizationSettings
_LAYERS_OF = default_layers(_D.perceptual_network)

_CONTENT = flags.DEFINE_string("content", None, "The photo.", required=True)
_STYLE = flags.DEFINE_list(
    "style",
    None,
    "The painting; or several with weights, a.jpg:0.7,b.jpg:0.3.",
    required=True,
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "The picture's file (.jpg, .png, .tif, .webp); strip and losses go to a"
    " folder beside it, NAME.run.",
    required=True,
)
_INIT = flags.DEFINE_string(
    "init", _D.init, "What it starts from: content, noise or a picture file."
)
_OPTIMIZER = flags.DEFINE_enum(
    "optimizer", _D.optimizer, [*OPTIMIZERS], "What moves the pixels."
)
_LEARNING_RATE = flags.DEFINE_float(
    "learning_rate", _D.learning_rate, "Adam's, in grey levels."
)
_ITERATIONS = flags.DEFINE_integer(
    "iterations",
    _D.iterations,
    "Steps over all scales; may be raised later.",
)
_SIZE = flags.DEFINE_integer(
    "size", _D.size, "Long side of the picture, in pixels."
)
_SCALES = flags.DEFINE_integer(
    "scales",
    _D.scales,
    "Coarse to fine: so many sizes, each twice the one before.",
)
_STYLE_SCALE = flags.DEFINE_float(
    "style_scale",
    _D.style_scale,
    "Size of the painting against the picture's: larger means coarser strokes.",
)
_STYLE_SCALES = flags.DEFINE_integer(
    "style_scales",
    _D.style_scales,
    "At how many scales style is compared, each half the one before.",
)
_KEEP_COLORS = flags.DEFINE_bool(
    "keep_colors",
    _D.keep_colors,
    "Give the painting the photo's colours first (their mean and covariance).",
)
_PERCEPTUAL_NETWORK = flags.DEFINE_string(
    "perceptual_network",
    _D.perceptual_network,
    "Where style and content are felt: vgg19, vgg19:FILE, compact,"
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
    "Layers whose Gram matrices are compared; by default the network's, of"
    f" vgg19 {','.join(_LAYERS_OF.style)}.",
)
_CONTENT_LAYER = flags.DEFINE_string(
    "content_layer",
    None,
    "Layer whose features are compared; by default the network's, of vgg19"
    f" {_LAYERS_OF.content}.",
)
_DEPTH_NETWORK = flags.DEFINE_string(
    "depth_network",
    _D.depth_network,
    "Where depth is felt: hub:HANDLE_OR_FOLDER, fast_depth:FILE, fcrn:FILE,"
    " compact or none.",
)
_CONTENT_WEIGHT = flags.DEFINE_float(
    "content_weight", _D.content_weight, "Weight of content."
)
_STYLE_WEIGHT = flags.DEFINE_float(
    "style_weight", _D.style_weight, "Weight of style."
)
_DEPTH_WEIGHT = flags.DEFINE_float(
    "depth_weight", _D.depth_weight, "Weight of depth."
)
_TV_WEIGHT = flags.DEFINE_float(
    "tv_weight", _D.tv_weight, "Weight of the total variation."
)
_PHOTOREALISM_WEIGHT = flags.DEFINE_float(
    "photorealism_weight",
    _D.photorealism_weight,
    "Weight of the matting Laplacian, which lets colours change but not bend.",
)
_CONTENT_MASKS = flags.DEFINE_list(
    "content_masks",
    [],
    "One mask on the photo for each painting: white where its style goes.",
)
_STYLE_MASKS = flags.DEFINE_list(
    "style_masks",
    [],
    "One mask on each painting: white where the style is taken from.",
)
_STRIP_AT = flags.DEFINE_list(
    "strip_at",
    [str(n) for n in _D.strip_at],
    "Iterations after which the picture is kept for the strip.",
)
_COMPARE_DEPTH = flags.DEFINE_list(
    "compare_depth",
    [],
    "Make the picture with depth and without, and have these depth networks"
    " judge both at the strip's iterations.",
)
_SEED = flags.DEFINE_integer("seed", _D.seed, "Of the noise.")


def main() -> None:
    """Makes the picture, or continues to."""
    settings = OptimizationSettings(
        content=_CONTENT.value,
        style=tuple(_STYLE.value),
        init=_INIT.value,
        optimizer=_OPTIMIZER.value,
        learning_rate=_LEARNING_RATE.value,
        iterations=_ITERATIONS.value,
        size=_SIZE.value,
        scales=_SCALES.value,
        style_scale=_STYLE_SCALE.value,
        style_scales=_STYLE_SCALES.value,
        keep_colors=_KEEP_COLORS.value,
        perceptual_network=_PERCEPTUAL_NETWORK.value,
        pooling=_POOLING.value,
        layers=None if _LAYERS.value is None else tuple(_LAYERS.value),
        content_layer=_CONTENT_LAYER.value,
        depth_network=_DEPTH_NETWORK.value,
        content_weight=_CONTENT_WEIGHT.value,
        style_weight=_STYLE_WEIGHT.value,
        depth_weight=_DEPTH_WEIGHT.value,
        tv_weight=_TV_WEIGHT.value,
        photorealism_weight=_PHOTOREALISM_WEIGHT.value,
        content_masks=tuple(_CONTENT_MASKS.value),
        style_masks=tuple(_STYLE_MASKS.value),
        strip_at=_iterations(_STRIP_AT.value),
        seed=_SEED.value,
    )
    if not settings.style:
        raise RequestError("--style= names no painting: name one")
    from fast_depth_style.training.checkpoint import NotFiniteError

    try:
        if _COMPARE_DEPTH.value:
            _compare(settings)
        else:
            _optimize(settings)
    except NotFiniteError as error:
        program.fail(str(error))


def _optimize(settings):
    from fast_depth_style.optimization.optimize import optimize

    folder = optimize(settings, _OUTPUT.value)
    print(f"Done: {_OUTPUT.value}; how it came about is in {folder}")


def _compare(settings):
    from fast_depth_style.optimization.comparison import compare_depth

    for row in compare_depth(settings, _COMPARE_DEPTH.value, _OUTPUT.value):
        arm, iteration, *values = row.items()
        texts = [f"{name} {value:.4g}" for name, value in values]
        print(f"{arm[1]}, iteration {iteration[1]}: {', '.join(texts)}")
    print(f"Done: {_OUTPUT.value}, and the curves beside it")


def _iterations(texts):
    try:
        return tuple(sorted({int(text) for text in texts}))
    except ValueError:
        raise RequestError(
            f"--strip_at={','.join(texts)}: give whole numbers"
        ) from None


if __name__ == "__main__":
    program.run(main)
