"""Trains a style from one painting and a folder of photos.

    fast-depth-style train --style=wave.jpg --content=photos --workdir=runs/wave

Watch runs/wave/previews/latest.png and losses.png. Stop it when you like: the
same command continues. The finished model is in runs/wave/model. Without
--style and --content it learns our own painting from scikit-learn's sample
photos, offline and in minutes.
"""

import pathlib

from absl import flags

from fast_depth_style.requests import RequestError
from fast_depth_style.tools import program
from fast_depth_style.training.settings import PRESETS, Settings, preset

_D = Settings()

_PRESET = flags.DEFINE_enum(
    "preset",
    None,
    [*PRESETS],
    "Where the settings that are not given come from: by default balanced,"
    " whose values are shown below; quick without --style and --content.",
)
_STYLE = flags.DEFINE_string("style", None, "Painting: a picture file.")
_CONTENT = flags.DEFINE_string(
    "content",
    None,
    "Photos: a folder, tfds:coco/2017 (the stanford preset's) or"
    " tfds:coco/2014.",
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run: its whole state.", required=True
)
_PERCEPTUAL_NETWORK = flags.DEFINE_string(
    "perceptual_network",
    None,
    "Where style and content are felt: vgg19, vgg19:FILE, compact,"
    " squeezenet:FILE.h5, resnet50, resnet50:FILE.h5, efficientnetb0 or"
    f" efficientnetb0:FILE.h5 ({_D.perceptual_network}).",
)
_DEPTH_NETWORK = flags.DEFINE_string(
    "depth_network",
    None,
    "Where depth is felt: hub:HANDLE_OR_FOLDER, fast_depth:FILE, fcrn:FILE,"
    " compact or none; several with commas between them"
    f" ({_D.depth_network}).",
)
_STYLE_LAYERS = flags.DEFINE_list(
    "style_layers",
    None,
    "Layers whose Gram matrices are compared; the network's by default"
    f" ({','.join(_D.style_layers)}).",
)
_CONTENT_LAYER = flags.DEFINE_string(
    "content_layer",
    None,
    "Layer whose features are compared; the network's by default"
    f" ({_D.content_layer}).",
)
_CONTENT_WEIGHT = flags.DEFINE_float(
    "content_weight", None, f"Weight of content ({_D.content_weight})."
)
_STYLE_WEIGHT = flags.DEFINE_float(
    "style_weight", None, f"Weight of style ({_D.style_weight})."
)
_TV_WEIGHT = flags.DEFINE_float(
    "tv_weight", None, f"Weight of the total variation ({_D.tv_weight})."
)
_DEPTH_WEIGHT = flags.DEFINE_float(
    "depth_weight", None, f"Weight of depth ({_D.depth_weight})."
)
_DISTILLATION_WEIGHT = flags.DEFINE_float(
    "distillation_weight",
    None,
    "Weight of the difference to the teacher's picture"
    f" ({_D.distillation_weight}).",
)
_STYLE_SIZE = flags.DEFINE_integer(
    "style_size",
    None,
    "Short side to which the painting is scaled, in pixels: larger means"
    f" broader strokes ({_D.style_size}).",
)
_STYLE_SCALES = flags.DEFINE_integer(
    "style_scales",
    None,
    "At how many scales style is compared, each half the one before; more learn"
    f" larger brushwork ({_D.style_scales}).",
)
_TEACHER = flags.DEFINE_string(
    "teacher",
    None,
    "Exported model or workdir of a larger network whose pictures are learned"
    " (distillation); made for --preset=mobile.",
)
_INITIAL_MODEL = flags.DEFINE_string(
    "initial_model",
    None,
    "Exported model or workdir whose network training starts from, instead of"
    " random weights.",
)
_WIDTH = flags.DEFINE_float(
    "width", None, f"Multiplier of the network's channels ({_D.width})."
)
_BLOCKS = flags.DEFINE_integer(
    "blocks",
    None,
    f"Residual blocks of the network: fewer are faster ({_D.blocks}).",
)
_LEARNING_RATE = flags.DEFINE_float(
    "learning_rate",
    None,
    f"Learning rate of the optimizer ({_D.learning_rate}).",
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", None, f"Photos per step ({_D.batch_size})."
)
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size",
    None,
    f"Side of the square crops, in pixels ({_D.image_size}).",
)
_STEPS = flags.DEFINE_integer(
    "steps", None, f"Length of the run; may be raised later ({_D.steps})."
)
_CHECKPOINT_EVERY = flags.DEFINE_integer(
    "checkpoint_every",
    None,
    f"Steps between checkpoints ({_D.checkpoint_every}).",
)
_PREVIEW_EVERY = flags.DEFINE_integer(
    "preview_every",
    None,
    f"Steps between picture strips ({_D.preview_every}).",
)
_SEED = flags.DEFINE_integer(
    "seed",
    None,
    f"Of the first weights, the photo order and the crops ({_D.seed}).",
)
_MIXED_PRECISION = flags.DEFINE_bool(
    "mixed_precision",
    None,
    "Compute convolutions in bfloat16; by default where that is faster on this"
    " machine.",
)
_JIT = flags.DEFINE_bool(
    "jit",
    None,
    "Compile the step with XLA; by default on GPU and TPU, not on CPU, where it"
    " is slower.",
)
_STRATEGY = flags.DEFINE_enum(
    "strategy",
    "none",
    ["none", "mirrored"],
    "mirrored: a part of every batch on each device of this machine.",
)


def main() -> None:
    """Trains, or continues to."""
    layers = _STYLE_LAYERS.value
    workdir = _WORKDIR.value
    name, style, content = _PRESET.value, _STYLE.value, _CONTENT.value
    if style is None and content is None and name in (None, "quick"):
        from fast_depth_style.demo.samples import write_samples
        from fast_depth_style.training.workdir import require_writable

        require_writable(pathlib.Path(workdir))
        name = "quick"
        style, content = map(str, write_samples(f"{workdir}/samples"))
    settings = preset(
        name or "balanced",
        style=style,
        content=content,
        perceptual_network=_PERCEPTUAL_NETWORK.value,
        depth_network=_DEPTH_NETWORK.value,
        style_layers=None if layers is None else tuple(layers),
        content_layer=_CONTENT_LAYER.value,
        content_weight=_CONTENT_WEIGHT.value,
        style_weight=_STYLE_WEIGHT.value,
        tv_weight=_TV_WEIGHT.value,
        depth_weight=_DEPTH_WEIGHT.value,
        distillation_weight=_DISTILLATION_WEIGHT.value,
        style_size=_STYLE_SIZE.value,
        style_scales=_STYLE_SCALES.value,
        teacher=_TEACHER.value,
        initial_model=_INITIAL_MODEL.value,
        width=_WIDTH.value,
        blocks=_BLOCKS.value,
        learning_rate=_LEARNING_RATE.value,
        batch_size=_BATCH_SIZE.value,
        image_size=_IMAGE_SIZE.value,
        steps=_STEPS.value,
        checkpoint_every=_CHECKPOINT_EVERY.value,
        preview_every=_PREVIEW_EVERY.value,
        seed=_SEED.value,
        mixed_precision=_MIXED_PRECISION.value,
    )
    for name in ("style", "content"):
        if not getattr(settings, name):
            raise RequestError(
                f"missing --{name}=… (--help explains each flag)"
            )
    import keras

    from fast_depth_style.training.checkpoint import NotFiniteError
    from fast_depth_style.training.run import export_run, train

    try:
        train(settings, workdir, jit=_JIT.value, strategy=_STRATEGY.value)
    except NotFiniteError as error:
        program.fail(str(error))
    if keras.backend.backend() != "tensorflow":
        print(
            f"Done: the network is in {workdir}. The same command with"
            " KERAS_BACKEND=tensorflow exports it."
        )
        return
    model = export_run(workdir).parent
    print(
        f"Done: the model is in {model}. Now try\n  fast-depth-style stylize"
        f" --model={model} --input=PHOTO --output=PICTURE.jpg"
    )


if __name__ == "__main__":
    program.run(main)
