r"""Measures what stylizing does to depth, style and content.

    fast-depth-style evaluate --models=plain=runs/a,depth=runs/b \
        --content=photos --style=wave.jpg --depth_network=compact \
        --output=evaluation

Open evaluation/index.html. Judge by a depth network that training did not see.
"""

from absl import flags

from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.tools import program

_MODELS = flags.DEFINE_list(
    "models",
    None,
    "Folders of exported models, LABEL=FOLDER for a name of your own; the "
    "first is what the others are compared with. pictures:FOLDER: pictures "
    "named like their photos. Controls: identity, blur.",
    required=True,
)
_STYLE = flags.DEFINE_string("style", None, "The painting.", required=True)
_DEPTH_NETWORK = flags.DEFINE_list(
    "depth_network",
    None,
    "Depth networks that judge: hub:HANDLE_OR_FOLDER, fast_depth:FILE, "
    "fcrn:FILE, compact.",
    required=True,
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder for the report.", required=True
)
_CONTENT = flags.DEFINE_string(
    "content", EvaluationSettings.content, "Folder of photos."
)
_RGBD = flags.DEFINE_string(
    "rgbd",
    EvaluationSettings.rgbd,
    "Folder of photos with measured depth: rgb/NAME.jpg and depth/NAME.png, "
    "25.5 grey values per metre, 0 where unknown.",
)
_PERCEPTUAL_NETWORK = flags.DEFINE_string(
    "perceptual_network",
    EvaluationSettings.perceptual_network,
    "Where style and content are felt: vgg19, vgg19:FILE, compact, "
    "squeezenet:FILE.h5, resnet50, resnet50:FILE.h5, efficientnetb0, "
    "efficientnetb0:FILE.h5.",
)
_PHOTOS = flags.DEFINE_integer(
    "photos",
    EvaluationSettings.photos,
    "At most so many of each folder, evenly spread; 0 for all.",
    lower_bound=0,
)
_STYLE_SIZE = flags.DEFINE_integer(
    "style_size",
    EvaluationSettings.style_size,
    "Short side to which the painting is scaled, as in training.",
    lower_bound=64,
)
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size",
    EvaluationSettings.image_size,
    "Side of the squares that photos are cut and scaled to, in pixels.",
    lower_bound=64,
)


def main() -> None:
    """Evaluates and says where the report is."""
    settings = EvaluationSettings(
        models=tuple(_MODELS.value),
        style=_STYLE.value,
        depth_network=tuple(_DEPTH_NETWORK.value),
        output=_OUTPUT.value,
        content=_CONTENT.value,
        rgbd=_RGBD.value,
        perceptual_network=_PERCEPTUAL_NETWORK.value,
        photos=_PHOTOS.value,
        style_size=_STYLE_SIZE.value,
        image_size=_IMAGE_SIZE.value,
    )
    from fast_depth_style.evaluation.evaluate import evaluate

    for table in evaluate(settings):
        print(f"{table.name}: {len(table.photos)} measured")
        if table.skipped:
            print(f"{table.name}: {len(table.skipped)} skipped:")
        for file, reason in table.skipped:
            print(f"  {file}: {reason}")
    print(f"Done. Open {_OUTPUT.value}/index.html")


if __name__ == "__main__":
    program.run(main)
