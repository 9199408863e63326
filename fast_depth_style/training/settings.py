"""Everything that defines a run, and the presets. Imports nothing heavy."""

import dataclasses

from fast_depth_style.networks import MINIMUM_SIDE
from fast_depth_style.perception.layer_names import default_layers
from fast_depth_style.requests import (
    RequestError,
    fill_in,
    require_in_range,
)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What defines a training run: the same settings make the same run.

    The defaults are the preset `balanced`.

    Attributes:
        style: File of the painting.
        content: Folder of photos, `tfds:coco/2017` or `tfds:coco/2014`.
        perceptual_network: Where style and content are felt, as
            `registry.PERCEPTUAL_SPECS` lists.
        depth_network: Where depth is felt: hub:HANDLE_OR_FOLDER,
            fast_depth:FILE, fcrn:FILE, compact or none; in the relative
            scale also several, with commas between them.
        loss_scale: "relative" (every term relative to what it compares with)
            or "raw" (mean squared differences, the report's).
        style_layers: Layers whose Gram matrices are compared; given None,
            the network's `default_layers`.
        content_layer: Layer whose features are compared; given None, the
            network's.
        content_weight: Weight of the content term.
        style_weight: Weight of the style term.
        tv_weight: Weight of the total variation.
        depth_weight: Weight of the depth term.
        lattice_weight: Weight of the penalty for a texture that repeats every
            four pixels.
        border_weight: Weight of the penalty for a band along the edges.
        range_weight: Weight of the penalty for colours outside 0..255.
        distillation_weight: Weight of the difference to the teacher's picture.
        style_size: Short side to which the painting is scaled, in pixels;
            larger means broader strokes.
        style_scales: At how many scales style is compared, each half the one
            before; more learn larger brushwork.
        teacher: Exported model or workdir of the larger network whose pictures
            are learned; empty trains without one.
        initial_model: Exported model or workdir whose network training starts
            from; empty starts from random weights.
        width: Multiplier of the network's channel counts.
        blocks: Residual blocks of the network.
        optimizer: "muon" (Muon for convolution kernels, Adam for all else)
            or "adam".
        learning_rate: The optimizer's.
        decay_from: Part of the run after which the learning rate falls, to a
            tenth at its end; 1 keeps it constant.
        depth_from: Part of the run after which depth counts, in full a tenth
            of the run later; given None, 0.2, or 0, from the first step, with
            an `initial_model`, whose pictures have a style already.
        batch_size: Photos per step.
        image_size: Side of the square training crops, in pixels.
        steps: Length of the run; the one setting that may be raised later.
        checkpoint_every: Steps between checkpoints.
        preview_every: Steps between picture strips.
        seed: Of the initial weights, the order of the photos and the crops.
        mixed_precision: Whether convolutions compute in bfloat16; None where
            that is faster on this machine.
    """

    style: str = ""
    content: str = ""
    perceptual_network: str = "vgg19"
    depth_network: str = (
        "hub:https://www.kaggle.com/models/intel/midas/TensorFlow1/v2-1-small/1"
    )
    loss_scale: str = "relative"
    style_layers: tuple[str, ...] | None = None
    content_layer: str | None = None
    content_weight: float = 1.0
    style_weight: float = 10.0
    tv_weight: float = 0.5
    depth_weight: float = 5.0
    lattice_weight: float = 100.0
    border_weight: float = 100.0
    range_weight: float = 30.0
    distillation_weight: float = 10.0
    style_size: int = 256
    style_scales: int = 3
    teacher: str = ""
    initial_model: str = ""
    width: float = 1.0
    blocks: int = 5
    optimizer: str = "muon"
    learning_rate: float = 1e-3
    decay_from: float = 0.4
    depth_from: float | None = None
    batch_size: int = 4
    image_size: int = 256
    steps: int = 4000
    checkpoint_every: int = 200
    preview_every: int = 100
    seed: int = 0
    mixed_precision: bool | None = None

    def __post_init__(self):
        """Takes the network's layers, checks what needs no file.

        Raises:
            RequestError: A value is out of range.
        """
        layers = default_layers(self.perceptual_network)
        fill_in(
            self,
            style_layers=layers.style,
            content_layer=layers.content,
            depth_from=0.0 if self.initial_model else 0.2,
        )
        require_in_range(self, _LEAST, ("learning_rate", "width"))
        for name in ("decay_from", "depth_from"):
            if not 0 <= getattr(self, name) <= 1:
                raise RequestError(
                    f"{name} is {getattr(self, name)}: must be from 0 to 1"
                )
        side = min(self.image_size, self.style_size) >> self.style_scales - 1
        if side < MINIMUM_SIDE:
            raise RequestError(
                f"--style_scales={self.style_scales}: pictures of {side} pixels"
                " show no style; give fewer, or larger --image_size and"
                " --style_size"
            )
        if not self.style_layers:
            raise RequestError("--style_layers= names no layer: name one")
        if not (self.style_weight or self.content_weight or self.teacher):
            raise RequestError(
                "--style_weight and --content_weight are both 0, which leaves"
                " nothing to learn: raise one or give a --teacher"
            )
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise RequestError(
                    f"{name} {getattr(self, name)!r}: choose"
                    f" {' or '.join(choices)}"
                )
        if self.loss_scale == "raw" and "," in self.depth_network:
            raise RequestError(
                f"--depth_network={self.depth_network}: this preset compares"
                " maps, each in its unit; name one network"
            )

    def to_json(self) -> dict:
        """These settings as JSON-ready values."""
        return {
            **dataclasses.asdict(self),
            "style_layers": [*self.style_layers],
        }

    @classmethod
    def from_json(cls, values: dict) -> "Settings":
        """Settings from what `to_json` gave."""
        return cls(**{**values, "style_layers": tuple(values["style_layers"])})

    def differences(self, other: "Settings") -> dict[str, tuple]:
        """{field: (own value, other's value)} of the fields that differ."""
        return {
            f.name: (getattr(self, f.name), getattr(other, f.name))
            for f in dataclasses.fields(self)
            if getattr(self, f.name) != getattr(other, f.name)
        }


_CHOICES = {"loss_scale": ("relative", "raw"), "optimizer": ("muon", "adam")}

_LEAST = {
    "blocks": 1,
    "batch_size": 1,
    "image_size": 64,
    "style_size": 64,
    "style_scales": 1,
    "steps": 1,
    "checkpoint_every": 1,
    "preview_every": 1,
    "seed": 0,
}

PRESETS = {
    "balanced": {},
    # A style in minutes on a CPU, without any download.
    "quick": {
        "perceptual_network": "compact",
        "depth_network": "compact",
        "width": 0.5,
        "blocks": 3,
        "style_weight": 25.0,
        "depth_weight": 3.0,
        "style_size": 384,
        "batch_size": 1,
        "steps": 1000,
    },
    # For phones: 0.27 MB in float16. Made to be taught by a --teacher.
    "mobile": {"width": 0.25, "learning_rate": 1.5e-3},
    # The report's numbers, in the scale of the code that it built on.
    "stanford": {
        "content": "tfds:coco/2017",
        "loss_scale": "raw",
        "style_scales": 1,
        "optimizer": "adam",
        "style_layers": (
            "relu1_1",
            "relu2_1",
            "relu3_1",
            "relu4_1",
            "relu5_1",
        ),
        "content_layer": "relu4_2",
        "content_weight": 7.5,
        "style_weight": 100.0,
        "tv_weight": 200.0,
        "lattice_weight": 0.0,
        "border_weight": 0.0,
        "range_weight": 1.0,
        "depth_weight": 200.0,
        "decay_from": 1.0,
        "depth_from": 0.0,
        "steps": 40000,
        "checkpoint_every": 2000,
        "preview_every": 500,
    },
}
"""{preset: what it sets differently from the defaults of `Settings`}."""


def preset(name: str, **changes) -> Settings:
    """The settings of a preset, with changes.

    Args:
        name: A key of `PRESETS`.
        **changes: Fields to set; those that are None stay as the preset has
            them.

    Raises:
        RequestError: Unknown preset, or a value out of range.
    """
    if name not in PRESETS:
        raise RequestError(
            f"no preset {name!r}: choose one of {', '.join(PRESETS)}"
        )
    given = {k: v for k, v in changes.items() if v is not None}
    return Settings(**{**PRESETS[name], **given})
