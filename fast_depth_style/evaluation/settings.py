"""What is evaluated, and how. Imports nothing heavy."""

import dataclasses

from fast_depth_style.perception.layer_names import default_layers
from fast_depth_style.requests import fill_in
from fast_depth_style.training.settings import Settings

_TRAINING = Settings()


@dataclasses.dataclass(frozen=True)
class EvaluationSettings:
    """A request to evaluate.

    Attributes:
        models: Exported models, each `FOLDER` or `LABEL=FOLDER`; pictures that
            were made of the photos before, `pictures:FOLDER`; or a control,
            `identity` or `blur`. The first is the one that the others are
            compared with. Controls that are not named come last.
        style: File of the painting.
        depth_network: Depth networks that judge, as for training.
        output: Folder for the report.
        content: Folder of photos; may be empty if `rgbd` is not.
        rgbd: Folder with `rgb/NAME.jpg` and `depth/NAME.png`; the depth's
            grey values are 25.5 per metre, 0 where unknown.
        perceptual_network: Where style and content are felt, as for training.
        photos: At most so many of each folder, evenly spread; 0 for all.
        style_layers: Layers whose Gram matrices are compared; given None,
            the network's.
        content_layer: Layer whose features are compared; given None, the
            network's.
        style_size: Short side to which the painting is scaled, pixels.
        image_size: Side of the squares that photos are cut and scaled to.
    """

    models: tuple[str, ...]
    style: str
    depth_network: tuple[str, ...]
    output: str
    content: str = ""
    rgbd: str = ""
    perceptual_network: str = _TRAINING.perceptual_network
    photos: int = 0
    style_layers: tuple[str, ...] | None = None
    content_layer: str | None = None
    style_size: int = _TRAINING.style_size
    image_size: int = 256

    def __post_init__(self):
        """Takes the network's layers where none are given."""
        layers = default_layers(self.perceptual_network)
        fill_in(self, style_layers=layers.style, content_layer=layers.content)
