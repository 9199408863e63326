"""Settings of an optimized picture and of a sheet of reconstructions.

Imports nothing heavy.
"""

import math
import pathlib

from fast_depth_style import files
from fast_depth_style import settings as fields
from fast_depth_style.errors import RequestError
from fast_depth_style.objective_settings import ObjectiveSettings
from fast_depth_style.perception.layer_names import default_layers
from fast_depth_style.settings import inherited, setting, settings_class

INITS = ("content", "noise")
LEAST_SIDE = 16
"""VGG19 halves a picture four times up to relu5_1."""
MOST_SIDE = 8192
"""VGG19 takes 17 GB a layer for a square of this side."""


@settings_class
class OptimizationSettings(ObjectiveSettings):
    """Settings of one picture: the same settings give the same picture."""

    content: str = setting("", "Photo: a picture file.")
    style: tuple[str, ...] = setting(
        (), "Painting; or several with weights, a.jpg:0.7,b.jpg:0.3."
    )
    # Chosen by eye, at 160 to 256 pixels: at 3 the photo hardly changes, at
    # 300 the subject is lost.
    style_weight: float = inherited(ObjectiveSettings, "style_weight", 100.0)
    # 1 leaves dots in smooth places, as its gradient is not limited.
    depth_weight: float = inherited(ObjectiveSettings, "depth_weight", 0.2)
    tv_weight: float = inherited(ObjectiveSettings, "tv_weight", 1.0)
    photorealism_weight: float = setting(
        0.0,
        "Weight of the matting Laplacian, which lets colours change but keeps"
        " edges straight.",
        least=0,
    )
    # Large strokes come from `scales`.
    style_scales: int = inherited(ObjectiveSettings, "style_scales", 1)
    # A line search needs the gradient of the very value that it sees.
    depth_gradient_limit: float = inherited(
        ObjectiveSettings, "depth_gradient_limit", 0.0
    )
    depth_views: bool = inherited(ObjectiveSettings, "depth_views", False)
    pooling: str = setting(
        "max",
        "Pooling of VGG19; average gives smoother gradients.",
        choices=("max", "average"),
    )
    init: str = setting(
        "content", "Initial picture: content, noise or a picture file."
    )
    optimizer: str = setting(
        "lbfgs", "Optimizer of the pixels.", choices=("lbfgs", "adam")
    )
    learning_rate: float = setting(
        3.0, "Learning rate of Adam, in grey levels.", above=0
    )
    iterations: int = setting(
        300, "Iterations over all scales; may be raised later.", least=1
    )
    size: int = setting(
        512, "Long side of the picture, in pixels.", least=32, most=MOST_SIDE
    )
    scales: int = setting(
        3,
        "Number of sizes at which the picture is made, coarse to fine, each"
        " twice the one before; sizes that are too small are left out.",
        least=1,
    )
    style_scale: float = setting(
        1.0,
        "Side of the painting over that of the picture: larger means coarser"
        " strokes.",
        least=0.01,
    )
    keep_colors: bool = setting(
        False,
        "Give the painting the photo's colours first (mean and covariance).",
    )
    content_masks: tuple[str, ...] = setting(
        (), "A mask on the photo for each painting: white where its style goes."
    )
    style_masks: tuple[str, ...] = setting(
        (), "A mask on each painting: white where the style is taken from."
    )
    strip_at: tuple[int, ...] = setting(
        (1, 10, 30, 100, 300, 1000, 3000),
        "Iterations after which the picture is kept for the strip.",
        least=1,
    )
    seed: int = setting(0, "Seed of the noise.", least=0)

    def __post_init__(self) -> None:
        """Refuses what can be seen to be wrong without opening a file."""
        super().__post_init__()
        if self.size >> self.style_scales - 1 < LEAST_SIDE:
            raise RequestError(
                f"--style_scales={self.style_scales}: pictures of less than"
                f" {LEAST_SIDE} pixels show no style; give fewer, or a larger"
                " --size"
            )
        if self.size * self.style_scale > MOST_SIDE:
            raise RequestError(
                f"--style_scale={self.style_scale}: with --size={self.size} a"
                f" painting has at most {MOST_SIDE} pixels a side: give less"
            )
        if not (self.style_weight or self.content_weight):
            raise RequestError(
                "--style_weight and --content_weight are both 0, which leaves"
                " nothing to paint: raise one"
            )
        for name in ("content_masks", "style_masks"):
            masks = getattr(self, name)
            if masks and len(masks) != len(self.style):
                raise RequestError(
                    f"--{name} names {len(masks)} masks for"
                    f" {len(self.style)} paintings: give one for each"
                )
        self.paintings()

    def paintings(self) -> list[tuple[str, float]]:
        """[(file, weight)] of the paintings, from `FILE` or `FILE:WEIGHT`."""
        return [_painting(text) for text in self.style]

    def input_files(self) -> dict[str, list[pathlib.Path]]:
        """{setting: picture files that it names}, of those that name any.

        Raises:
            RequestError: A path is empty, or there is no painting.
        """
        if not self.style:
            raise RequestError("--style= names no painting: name one")
        found = {
            "content": [self.content],
            "style": [file for file, _ in self.paintings()],
            "init": [] if self.init in INITS else [self.init],
            "content_masks": self.content_masks,
            "style_masks": self.style_masks,
        }
        return {
            name: [files.resolve(path, name) for path in paths]
            for name, paths in found.items()
            if paths
        }

    def least_side(self) -> int:
        """Fewest pixels that a side of photo or painting may have."""
        return LEAST_SIDE << self.style_scales - 1


@settings_class
class ReconstructionSettings:
    """Settings of a sheet that shows what the layers of a network keep."""

    picture: str = setting(
        "", "Picture whose content is reconstructed: a picture file."
    )
    style: str = setting(
        "", "Painting whose style is reconstructed: a picture file."
    )
    perceptual_network: str = setting(
        "vgg19", "Network whose layers are shown, as for optimize."
    )
    pooling: str = inherited(OptimizationSettings, "pooling")
    layers: tuple[str, ...] | None = setting(
        None,
        "Layers from each of which content is reconstructed; by default the"
        " network's usual ones.",
    )
    style_layers: tuple[str, ...] | None = setting(
        None,
        "Style is reconstructed from the first of these layers, the first two,"
        " and so on; by default the network's usual ones.",
    )
    iterations: int = setting(
        200, "Iterations of each reconstruction; may be raised later.", least=1
    )
    size: int = inherited(OptimizationSettings, "size", 256)
    seed: int = inherited(OptimizationSettings, "seed")

    def __post_init__(self) -> None:
        """Refuses what can be seen to be wrong without opening a file."""
        fields.check(self)
        if not (self.picture or self.style):
            raise RequestError(
                "nothing to reconstruct: give a --picture, a --style or both"
            )
        for name, file in (
            ("layers", self.picture),
            ("style_layers", self.style),
        ):
            if file and getattr(self, name) == ():
                raise RequestError(f"--{name}= names no layer: name one")

    def reconstructions(self) -> dict[str, OptimizationSettings]:
        """{name that suits a file: what is optimized}, in the sheet's order.

        Each starts from noise and has one term, content at one layer or style
        at the first few, beside the penalty for colours out of range.
        """
        usual = default_layers(self.perceptual_network)
        wanted: list[tuple[str, str, tuple[str, ...]]] = []
        if self.picture:
            for layer in self.layers or usual.reconstructed_content:
                wanted.append((f"content_{layer}", self.picture, (layer,)))
        if self.style:
            layers = self.style_layers or usual.reconstructed_style
            for count, layer in enumerate(layers, 1):
                wanted.append((f"style_to_{layer}", self.style, layers[:count]))
        return {
            name: OptimizationSettings(
                content=file,
                style=(f"{file}:1",),
                init="noise",
                iterations=self.iterations,
                size=self.size,
                scales=1,
                perceptual_network=self.perceptual_network,
                pooling=self.pooling,
                style_layers=layers,
                content_layer=layers[-1],
                content_weight=float(name.startswith("content_")),
                style_weight=float(name.startswith("style_")),
                depth_network="none",
                tv_weight=0.0,
                strip_at=(),
                seed=self.seed,
            )
            for name, file, layers in wanted
        }


def _painting(text: str) -> tuple[str, float]:
    file, _, tail = text.rpartition(":")
    try:
        weight = float(tail)
    except ValueError:
        file = ""
    if not file:
        return text, 1.0
    if not 0 < weight < math.inf:
        raise RequestError(
            f"--style={text}: a painting's weight is more than 0"
        )
    return file, weight
