"""Everything that defines an optimized picture. Imports nothing heavy."""

import dataclasses
import math

from fast_depth_style.perception.layer_names import default_layers
from fast_depth_style.requests import (
    RequestError,
    fill_in,
    require_in_range,
)
from fast_depth_style.training.settings import Settings

_TRAINING = Settings()

INITS = ("content", "noise")
LEAST_SIDE = 16  # VGG19 halves a picture four times up to relu5_1
OPTIMIZERS = ("lbfgs", "adam")
POOLINGS = ("max", "average")


@dataclasses.dataclass(frozen=True)
class OptimizationSettings:
    """What defines a picture: the same settings make the same picture.

    Attributes:
        content: File of the photo.
        style: Files of paintings, each `FILE` or `FILE:WEIGHT`.
        init: What the pixels start as: content, noise, or a picture file.
        optimizer: lbfgs or adam.
        learning_rate: Adam's, in grey levels.
        iterations: Steps of the optimizer, over all scales; the one setting
            that may be raised later.
        size: Long side of the picture, in pixels.
        scales: The picture is made at so many sizes, each twice the one
            before; sizes too small to show anything are left out.
        style_scale: Size of the painting against the picture's, by area, as a
            length; larger means coarser strokes.
        style_scales: At how many scales style is compared, each half the one
            before, as in training.
        keep_colors: Whether paintings take the photo's colours first.
        perceptual_network: Where style and content are felt, as in training.
        pooling: max or average, in VGG19.
        layers: Layers whose Gram matrices are compared; given None, the
            network's.
        content_layer: Layer whose features are compared; given None, the
            network's.
        depth_network: Where depth is felt, as in training.
        content_weight: Weight of the content term.
        style_weight: Weight of the style term.
        depth_weight: Weight of the depth term.
        tv_weight: Weight of the total variation.
        range_weight: Weight of the penalty for colours outside 0..255.
        photorealism_weight: Weight of the photorealism term.
        content_masks: Files of masks on the photo, one per painting, or none:
            white where that painting's style goes.
        style_masks: Files of masks on the paintings, one each, or none: white
            where the style is taken from.
        strip_at: Iterations after which the picture is kept for the strip.
        seed: Of the noise.
    """

    content: str = ""
    style: tuple[str, ...] = ()
    init: str = "content"
    optimizer: str = "lbfgs"
    learning_rate: float = 3.0
    iterations: int = 300
    size: int = 512
    scales: int = 3
    style_scale: float = 1.0
    # Not training's 3: large strokes come from `scales` already.
    style_scales: int = 1
    keep_colors: bool = False
    perceptual_network: str = _TRAINING.perceptual_network
    pooling: str = "max"
    layers: tuple[str, ...] | None = None
    content_layer: str | None = None
    depth_network: str = _TRAINING.depth_network
    content_weight: float = _TRAINING.content_weight
    # Chosen by eye, at 160 to 256 pixels: at training's 3 the photo hardly
    # changes, at 300 the subject is lost.
    style_weight: float = 100.0
    # Training's 3 leaves speckle in smooth places, and more style to be done.
    depth_weight: float = 1.0
    tv_weight: float = 1.0
    range_weight: float = _TRAINING.range_weight
    photorealism_weight: float = 0.0
    content_masks: tuple[str, ...] = ()
    style_masks: tuple[str, ...] = ()
    strip_at: tuple[int, ...] = (1, 10, 30, 100, 300, 1000, 3000)
    seed: int = 0

    def __post_init__(self):
        """Takes the network's layers, checks what needs no file.

        Raises:
            RequestError: A value is out of range.
        """
        layers = default_layers(self.perceptual_network)
        fill_in(self, layers=layers.style, content_layer=layers.content)
        require_in_range(self, _LEAST, ("learning_rate", "style_scale"))
        for name, known in (("optimizer", OPTIMIZERS), ("pooling", POOLINGS)):
            if getattr(self, name) not in known:
                raise RequestError(
                    f"--{name}={getattr(self, name)}: choose"
                    f" {' or '.join(known)}"
                )
        if self.size >> self.style_scales - 1 < LEAST_SIDE:
            raise RequestError(
                f"--style_scales={self.style_scales}: pictures of less than"
                f" {LEAST_SIDE} pixels show no style; give fewer, or a larger"
                " --size"
            )
        if not self.layers:
            raise RequestError("--layers= names no layer: name one")
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
        """[(file, weight)] of the paintings; the weights add up to 1.

        Raises:
            RequestError: A weight is not more than 0.
        """
        found = [_painting(each) for each in self.style]
        total = sum(weight for _, weight in found)
        return [(file, weight / total) for file, weight in found]

    def term_weights(self) -> dict[str, float]:
        """{term: weight} of the terms that count, as they are shown."""
        weights = {
            name: getattr(self, f"{name}_weight")
            for name in (
                "style",
                "content",
                "depth",
                "photorealism",
                "tv",
                "range",
            )
        }
        if self.depth_network == "none":
            del weights["depth"]
        return {name: weight for name, weight in weights.items() if weight}

    def to_json(self) -> dict:
        """These settings as JSON-ready values."""
        return {
            name: [*value] if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }


_LEAST = {
    "iterations": 1,
    "size": 32,
    "scales": 1,
    "style_scales": 1,
    "seed": 0,
}


def _painting(text):
    file, _, tail = text.rpartition(":")
    try:
        weight = float(tail)
    except ValueError:
        file, weight = text, 1.0
    if not file:
        file, weight = text, 1.0
    if not 0 < weight < math.inf:
        raise RequestError(
            f"--style={text}: a painting's weight is more than 0"
        )
    return file, weight
