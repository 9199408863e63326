"""Settings of the objective, shared by training and optimization.

Imports nothing heavy.
"""

from typing import Any

from fast_depth_style import settings as fields
from fast_depth_style.errors import RequestError
from fast_depth_style.losses import COLORS
from fast_depth_style.networks import MINIMUM_SIDE
from fast_depth_style.perception.layer_names import default_layers
from fast_depth_style.settings import setting, settings_class


@settings_class
class ObjectiveSettings:
    """The terms of the objective and how they are balanced."""

    perceptual_network: str = setting(
        "vgg19",
        "Network that gives style and content features: vgg19, vgg19:FILE,"
        " compact, squeezenet:FILE.h5, resnet50, resnet50:FILE.h5,"
        " efficientnetb0 or efficientnetb0:FILE.h5.",
    )
    depth_network: str = setting(
        "hub:https://www.kaggle.com/models/intel/midas/TensorFlow1/v2-1-small/1",
        "Network that estimates depth: hub:HANDLE_OR_FOLDER, fast_depth:FILE,"
        " fcrn:FILE, compact or none; several with commas between them.",
    )
    style_layers: tuple[str, ...] | None = setting(
        None,
        "Layers whose Gram matrices are compared; by default the network's"
        " usual ones.",
    )
    content_layer: str | None = setting(
        None,
        "Layer whose features are compared; by default the network's usual"
        " one.",
    )
    content_weight: float = setting(1.0, "Weight of content.", least=0)
    style_weight: float = setting(10.0, "Weight of style.", least=0)
    depth_weight: float = setting(5.0, "Weight of depth.", least=0)
    tv_weight: float = setting(0.5, "Weight of total variation.", least=0)
    range_weight: float = setting(
        30.0, "Weight of colours outside 0..255.", least=0, flag=False
    )
    style_scales: int = setting(
        3,
        "Number of scales at which style is compared, each half the one"
        " before; more scales learn larger brushwork.",
        least=1,
    )
    style_evenness: float = setting(
        0.0,
        "Weight of comparing each quarter of the picture with the painting,"
        " instead of the whole.",
        least=0,
        most=1,
        flag=False,
    )
    style_covariance: float = setting(
        0.0,
        "Share of style that compares covariances of features instead of Gram"
        " matrices; deeper darks, fewer halos.",
        least=0,
        most=1,
        flag=False,
    )
    style_colors: float = setting(
        0.0,
        "Share of style that compares colours instead of the network's"
        " features, which hardly ask for contrast.",
        least=0,
        most=1,
        flag=False,
    )
    content_scale: int = setting(
        0,
        "Scale at which content is compared: 1 is half the size, where strokes"
        " are free of the photo's fine detail.",
        least=0,
        most=4,
    )
    relative_losses: bool = setting(
        True,
        "Divide style, content and depth by the size of their targets, and"
        " pixel terms by 127.5 squared; otherwise mean squared differences.",
        flag=False,
    )
    depth_features: bool = setting(
        True, "Compare the depth network's features beside its map.", flag=False
    )
    depth_gradient_limit: float = setting(
        0.05,
        "Largest gradient norm of the depth term at depth weight 1, times"
        " the batch and the root of the number of pixels; other terms have"
        " 0.04 to 0.08. 0 sets no limit.",
        least=0,
        flag=False,
    )
    depth_views: bool = setting(
        True,
        "Show the depth network pictures in random colours, sharpness, noise"
        " and zoom.",
        flag=False,
    )

    def __post_init__(self) -> None:
        """Refuses values out of range by a `RequestError`."""
        fields.check(self)
        if self.style_layers is not None and not self.style_layers:
            raise RequestError("--style_layers= names no layer: name one")
        if not self.relative_losses and "," in self.depth_network:
            raise RequestError(
                f"--depth_network={self.depth_network}: this preset compares"
                " maps, each in its unit; name one network"
            )

    def resolved_style_layers(self) -> tuple[str, ...]:
        """`style_layers`, or the network's usual ones."""
        usual = default_layers(self.perceptual_network).style
        return self.style_layers or usual

    def resolved_content_layer(self) -> str:
        """`content_layer`, or the network's usual one."""
        usual = default_layers(self.perceptual_network).content
        return self.content_layer or usual

    def compared_in_style(self) -> tuple[str, ...]:
        """Layers of style, `COLORS` among them if they have a share."""
        colors = (COLORS,) if self.style_colors else ()
        return self.resolved_style_layers() + colors

    def layers(self) -> set[str]:
        """All layers of the perceptual network that are compared."""
        return {*self.resolved_style_layers(), self.resolved_content_layer()}

    def has_depth(self) -> bool:
        """Whether there is a depth term."""
        return self.depth_network != "none" and self.depth_weight > 0

    def weights(self) -> dict[str, float]:
        """{term: weight} of every term that counts, as they are shown."""
        weights = {
            field.removesuffix("_weight"): getattr(self, field)
            for field in self.__dataclass_fields__
            if field.endswith("_weight")
        }
        if not self.has_depth():
            weights["depth"] = 0.0
        return {name: weight for name, weight in weights.items() if weight}

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values, derived defaults filled in.

        So a run stays what it is when a later version has other defaults.
        """
        return {
            **fields.to_json(self),
            "style_layers": [*self.resolved_style_layers()],
            "content_layer": self.resolved_content_layer(),
        }


def require_large_enough(
    style_scales: int, image_size: int, style_size: int
) -> None:
    """Refuses sizes in pixels whose smallest scale shows no style."""
    side = min(image_size, style_size) >> style_scales - 1
    if side < MINIMUM_SIDE:
        raise RequestError(
            f"--style_scales={style_scales}: pictures of {side} pixels show no"
            " style; give fewer, or larger --image_size and --style_size"
        )
