"""Settings of an evaluation. Imports nothing heavy."""

from fast_depth_style import settings as fields
from fast_depth_style.objective_settings import (
    ObjectiveSettings,
    require_large_enough,
)
from fast_depth_style.settings import inherited, setting, settings_class
from fast_depth_style.training.settings import TrainingSettings


@settings_class
class EvaluationSettings:
    """What is evaluated, on which photos, and by which networks."""

    models: tuple[str, ...] = setting(
        (),
        "Folders of exported models; the first is the reference that the"
        " others are compared with. LABEL=FOLDER gives a name,"
        " FOLDER?style=NAME&depth=0.5&stroke=1 a style and dials,"
        " pictures:FOLDER finished pictures named like their photos. The"
        " controls identity and blur are always added.",
    )
    style: str = setting("", "Painting: a picture file.")
    depth_network: tuple[str, ...] = setting(
        (),
        "Depth networks that judge: hub:HANDLE_OR_FOLDER, fast_depth:FILE,"
        " fcrn:FILE, compact.",
    )
    output: str = setting(
        "", "Folder of the report: new, empty, or an earlier report's."
    )
    content: str = setting("", "Folder of photos.")
    rgbd: str = setting(
        "",
        "Folder of photos with measured depth: rgb/NAME.jpg and depth/NAME.png,"
        " 25.5 grey values per metre, 0 where unknown.",
    )
    video: str = setting(
        "",
        "Folder of photos; a moving camera is simulated over each, to measure"
        " the flicker of painted videos.",
    )
    frames: int = setting(12, "Frames of each clip.", least=4, most=1000)
    teachers: tuple[str, ...] = setting(
        (),
        "Depth networks that the models were trained against, or none. The"
        " report calls each judge a teacher, related to one (compact was"
        " distilled partly from fast_depth) or independent.",
    )
    perceptual_network: str = inherited(TrainingSettings, "perceptual_network")
    style_layers: tuple[str, ...] | None = inherited(
        TrainingSettings, "style_layers"
    )
    content_layer: str | None = inherited(TrainingSettings, "content_layer")
    style_scales: int = inherited(TrainingSettings, "style_scales")
    photos: int = setting(
        0, "At most so many of each folder, evenly spread; 0 for all.", least=0
    )
    style_size: int = setting(
        256,
        "Short side to which the painting is scaled, in pixels.",
        least=64,
        most=4096,
    )
    image_size: int = setting(
        256,
        "Side of the squares that photos are cut and scaled to, in pixels.",
        least=64,
        most=4096,
    )

    def __post_init__(self) -> None:
        """Raises RequestError where a value is out of range."""
        fields.check(self)
        require_large_enough(
            self.style_scales, self.image_size, self.style_size
        )

    def objective(self) -> ObjectiveSettings:
        """The objective in these layers, without depth."""
        return ObjectiveSettings(
            perceptual_network=self.perceptual_network,
            depth_network="none",
            style_layers=self.style_layers,
            content_layer=self.content_layer,
            style_scales=self.style_scales,
        )
