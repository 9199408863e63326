"""Settings and presets of training. Imports nothing heavy."""

import pathlib
import re
from collections.abc import Mapping
from typing import Any

from fast_depth_style import settings as fields
from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.shipped_card import SHIPPED
from fast_depth_style.objective_settings import (
    ObjectiveSettings,
    require_large_enough,
)
from fast_depth_style.settings import inherited, setting, settings_class

_LARGEST = 4096
"""Pixels of a painting's short side."""


@settings_class
class TrainingSettings(ObjectiveSettings):
    """Settings of a training run; the defaults are the preset `balanced`."""

    style: tuple[str, ...] = setting(
        (),
        "Painting: a picture file; several, with commas between them, for a"
        " network of several styles.",
    )
    content: str = setting(
        "", "Photos: a folder, tfds:coco/2017 or tfds:coco/2014."
    )
    # A whole picture can have a painting's statistics by its busy parts alone.
    style_evenness: float = inherited(ObjectiveSettings, "style_evenness", 0.5)
    # Means of features are most of a Gram matrix.
    style_covariance: float = inherited(
        ObjectiveSettings, "style_covariance", 0.5
    )
    distillation_weight: float = setting(
        10.0, "Weight of the difference to the teacher's picture.", least=0
    )
    lattice_weight: float = setting(
        100.0,
        "Weight of texture that repeats every four pixels.",
        least=0,
        flag=False,
    )
    style_size: tuple[int, ...] = setting(
        (256,),
        "Short side to which the painting is scaled, in pixels: larger means"
        " broader strokes. One for all paintings, or one for each.",
        least=64,
        most=_LARGEST,
    )
    dials: bool = setting(
        True,
        "Learn two dials of every style, from 0 to 1: how much depth is kept,"
        " and how broad the strokes are.",
    )
    stroke_range: float = setting(
        3.0,
        "Size of the painting at stroke dial 1, over that at 0.",
        least=1,
        most=8,
    )
    style_rise: float = setting(
        1.0,
        "Part by which the weight of style rises at depth dial 1, so that depth"
        " is not bought with style.",
        least=0,
        flag=False,
    )
    teacher: str = setting(
        "",
        "Exported model or workdir of a larger network whose pictures are"
        " learned (distillation); made for --preset=mobile.",
    )
    initial_model: str = setting(
        "",
        "Network that training starts from instead of random weights: an"
        " exported model, a workdir, or shipped.",
    )
    learn: str = setting(
        "all",
        "all: every weight; vectors: only the style vectors, saved as a style"
        " file for the network of --initial_model.",
        choices=("all", "vectors"),
    )
    width: float = setting(
        1.0,
        "Multiplier of the network's channel counts.",
        least=0.02,
        most=8,
    )
    blocks: int = setting(
        5,
        "Residual blocks of the network: fewer are faster.",
        least=1,
        most=64,
    )
    optimizer: str = setting(
        "muon",
        "muon (for convolution kernels, Adam for all else) or adam.",
        choices=("muon", "adam"),
        flag=False,
    )
    learning_rate: float = setting(
        1e-3, "Learning rate of the optimizer.", above=0
    )
    decay_from: float = setting(
        0.4,
        "Part of the run after which the learning rate falls, to a tenth at"
        " the end; 1 keeps it constant.",
        least=0,
        most=1,
        flag=False,
    )
    depth_from: float | None = setting(
        None,
        "Part of the run after which depth counts, in full a tenth of the run"
        " later; by default 0.2, or 0 with an initial model. A depth loss from"
        " the first step keeps an untrained network from learning style.",
        least=0,
        most=1,
        flag=False,
    )
    batch_size: int = setting(4, "Photos per step.", least=1, most=4096)
    image_size: int = setting(
        256,
        "Side of the square training crops, in pixels.",
        least=64,
        most=4096,
    )
    steps: int = setting(
        4000, "Length of the run; may be raised or lowered later.", least=1
    )
    checkpoint_every: int = setting(200, "Steps between checkpoints.", least=1)
    preview_every: int = setting(100, "Steps between picture strips.", least=1)
    seed: int = setting(
        0, "Seed of the first weights, the photo order and the crops.", least=0
    )
    mixed_precision: bool | None = setting(
        None,
        "Compute convolutions in bfloat16; by default where that is faster on"
        " this machine.",
    )

    def __post_init__(self) -> None:
        """Refuses values out of range by a `RequestError`."""
        if isinstance(self.style, str):  # A single painting, from Python.
            object.__setattr__(self, "style", (self.style,))
        if isinstance(self.style_size, int):  # An older file, or Python.
            object.__setattr__(self, "style_size", (self.style_size,))
        super().__post_init__()
        if len(self.style_size) not in (1, len(self.style) or 1):
            raise RequestError(
                f"--style_size: {len(self.style_size)} sizes for"
                f" {len(self.style)} paintings: give one, or one for each"
            )
        if self.dials and not self.relative_losses:
            raise RequestError(
                "--dials: losses of this preset have no dials; give --nodials"
            )
        if self.learn == "vectors" and not self.initial_model:
            raise RequestError(
                "--learn=vectors: name the network as --initial_model"
            )
        require_large_enough(
            self.style_scales, self.image_size, min(self.style_size)
        )
        largest = max(self.style_size)
        if self.dials and largest * self.stroke_range > _LARGEST:
            raise RequestError(
                f"--style_size={largest} times"
                f" --stroke_range={self.stroke_range:g} is more than {_LARGEST}"
                " pixels: lower one"
            )
        if not (self.style_weight or self.content_weight or self.teacher):
            raise RequestError(
                "--style_weight and --content_weight are both 0, which leaves"
                " nothing to learn: raise one or give a --teacher"
            )

    def style_names(self) -> tuple[str, ...]:
        """Names of the styles: those of the paintings' files, in plain letters.

        Two of one name are refused.
        """
        names = tuple(
            re.sub(r"\W+", "_", pathlib.PurePath(path).stem.lower()).strip("_")
            or "style"
            for path in self.style
        )
        for name in names:
            if names.count(name) > 1:
                raise RequestError(
                    f"--style names two paintings {name!r}: rename one file"
                )
        return names

    def resolved_depth_from(self) -> float:
        """`depth_from`, or its default."""
        if self.depth_from is not None:
            return self.depth_from
        return 0.0 if self.initial_model else 0.2

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values, derived defaults filled in."""
        return {
            **super().to_json(),
            "depth_from": self.resolved_depth_from(),
            # As older versions write it.
            "style_size": self.style_size[0]
            if len(self.style_size) == 1
            else [*self.style_size],
        }


_RAW = {
    "relative_losses": False,
    "depth_features": False,
    "depth_gradient_limit": 0.0,
    "depth_views": False,
}
PRESETS: dict[str, dict[str, Any]] = {
    "balanced": {},
    # A style of one's own for the network of the package, in minutes on a CPU,
    # without any download.
    "quick": {
        "initial_model": SHIPPED,
        "learn": "vectors",
        "perceptual_network": "compact",
        "depth_network": "compact",
        "content_layer": "relu3_4",
        "content_scale": 1,
        "content_weight": 3.0,  # As in the last phases of what ships.
        "style_weight": 20.0,
        "style_rise": 0.25,
        "image_size": 192,
        "batch_size": 1,
        "steps": 600,
    },
    # For phones: 0.24 MB in float16. Made to be taught by a --teacher.
    "mobile": {"width": 0.25, "learning_rate": 1.5e-3},
    # The report's numbers, in the scale of the code that it built on.
    "stanford": {
        "content": "tfds:coco/2017",
        **_RAW,
        "style_scales": 1,
        "style_evenness": 0.0,
        "style_covariance": 0.0,
        "optimizer": "adam",
        "style_layers": tuple(f"relu{block}_1" for block in range(1, 6)),
        "content_layer": "relu4_2",
        "content_weight": 7.5,
        "style_weight": 100.0,
        "tv_weight": 200.0,
        "lattice_weight": 0.0,
        "dials": False,
        "range_weight": 1.0,
        "depth_weight": 200.0,
        "decay_from": 1.0,
        "depth_from": 0.0,
        "steps": 40000,
        "checkpoint_every": 2000,
        "preview_every": 500,
    },
}
"""{preset: what it sets differently from the defaults}."""

USUAL_PRESET = "quick"
"""What `train` takes where no preset is named."""


def preset(name: str, **changes: Any) -> TrainingSettings:
    """A preset's settings with changes; those that are None do nothing."""
    if name not in PRESETS:
        raise RequestError(f"--preset={name}: choose {', '.join(PRESETS)}")
    given = {k: v for k, v in changes.items() if v is not None}
    return TrainingSettings(**{**PRESETS[name], **given})


def read_settings(values: Mapping[str, Any]) -> TrainingSettings:
    """Settings from a settings.json; `TypeError` for one of other fields."""
    return fields.from_json(TrainingSettings, values)
