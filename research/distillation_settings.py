"""Settings of the distillations; their defaults made what the package ships.

Imports nothing heavy.
"""

from fast_depth_style import settings as fields
from fast_depth_style.perception import COMPACT_DEPTH_SIZE
from fast_depth_style.settings import inherited, setting, settings_class


@settings_class
class Distillation:
    """Settings of both."""

    epochs: int = setting(36, "Length of the run.", least=1)
    steps_per_epoch: int = setting(100, "Steps between checkpoints.", least=1)
    seed: int = setting(0, "Seed of everything random.", least=0)
    learning_rate: float = setting(
        4e-3, "Learning rate at its peak, after the warm-up.", flag=False
    )

    def __post_init__(self) -> None:
        """Refuses values out of range by a `RequestError`."""
        fields.check(self)


@settings_class
class DepthDistillation(Distillation):
    """Settings of the compact depth network's training."""

    rooms_per_step: int = setting(
        10, "Pictures with measured depth in a batch.", flag=False
    )
    photos_per_step: int = setting(
        6, "Pictures with the teacher's depth in a batch.", flag=False
    )
    photo_weight: float = setting(
        0.5, "Weight of the latter's loss beside the former's.", flag=False
    )
    size: int = setting(
        COMPACT_DEPTH_SIZE,
        "Side of the pictures in the last tenth of the run, a multiple of 32;"
        " three fifths of it before 60 % of the run, then four fifths.",
        flag=False,
    )
    weight_decay: float = setting(0.05, "Of kernels, decoupled.", flag=False)

    def sizes(self) -> list[tuple[int, int]]:
        """(side of the pictures, step up to which it is so)."""
        steps = self.epochs * self.steps_per_epoch
        return [
            (max(32, round(part * self.size / 32) * 32), round(end * steps))
            for part, end in ((0.6, 0.6), (0.8, 0.9), (1.0, 1.0))
        ]


@settings_class
class PerceptualDistillation(Distillation):
    """Settings of the compact perceptual network's training."""

    epochs: int = inherited(Distillation, "epochs", 115)
    size: int = setting(96, "Side of the pictures in pixels.", flag=False)
    fresh: int = setting(
        16,
        "Varied pictures in a batch; as many disturbed ones join them.",
        flag=False,
    )
    pooled: int = setting(
        8,
        "Pictures of the pool in a batch, at most `fresh`; as many moved ones"
        " join them.",
        flag=False,
    )
    pool_blocks: int = setting(12, "Such parts of the pool.", flag=False)
    pool_life: int = setting(
        45, "Steps for which a picture is stylized.", flag=False
    )
    pixel_rate: float = setting(
        4.0,
        "How far one step moves a pooled picture, in grey levels (root mean"
        " square).",
        flag=False,
    )
    gram_weight: float = setting(
        1.0, "Weight of the Gram matrices beside the features.", flag=False
    )
    change_weight: float = setting(
        0.5, "Weight of the change under disturbance beside them.", flag=False
    )
