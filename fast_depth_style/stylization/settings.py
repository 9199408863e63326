"""Settings of stylizing. Imports nothing heavy."""

import math
import pathlib

from fast_depth_style import files
from fast_depth_style import settings as fields
from fast_depth_style.errors import RequestError
from fast_depth_style.networks import DIAL_DEFAULTS
from fast_depth_style.settings import setting, settings_class

_FULL, _NONE = "full", "none"


@settings_class
class StylizeSettings:
    """How a picture is painted."""

    colors: str = setting(
        default="painting",
        help="Whose colours the picture has: painting, or photo, where only"
        " light and dark are the painting's.",
        choices=("painting", "photo"),
    )
    style: str | None = setting(
        default=None,
        help="One of the model's styles (by default its first), a style file of"
        " your own, or a blend: great_wave:0.7,mine.style:0.3."
        " near:STYLE,far:STYLE paints near and far differently; far:none leaves"
        " the photo there.",
    )
    horizon: float = setting(
        default=0.5,
        help="Where near ends and far begins, between the photo's farthest, 0,"
        " and its nearest, 1.",
        least=0,
        most=1,
    )
    mask: str | None = setting(
        default=None,
        help="Picture whose white takes the style of near and whose black that"
        " of far, in place of depth.",
    )
    depth: float | None = setting(
        default=None,
        help="How much of the photo's depth is kept, 0 to 1; by default"
        f" {DIAL_DEFAULTS['depth']:g}.",
        least=0,
        most=1,
    )
    stroke: float | None = setting(
        default=None,
        help="How broad the strokes are, 0 to 1; by default"
        f" {DIAL_DEFAULTS['stroke']:g}.",
        least=0,
        most=1,
    )
    strength: float = setting(
        default=1.0,
        help="How strong the painting is: 1 is all of it, 0 the photo.",
        least=0,
        most=1,
    )
    engine: str = setting(
        default="auto",
        help="What paints: tensorflow takes seconds to start and is faster for"
        " many or large pictures; light starts at once and paints the same, to"
        " one grey level, with the program's own network; auto chooses.",
        choices=("auto", "light", "tensorflow"),
    )
    paint_size: str = setting(
        default="1",
        help="Megapixels of a picture as it is painted. A larger one is painted"
        " at about this size and enlarged along its photo's edges, so that the"
        " strokes of a large photo are as broad as a small one's; full paints"
        " every pixel.",
    )
    steady: bool = setting(
        default=True,
        help="Frames of a video or an animation hold still: the painting of one"
        " is carried over to the next where the photo stays. --nosteady paints"
        " every frame on its own.",
    )

    def __post_init__(self) -> None:
        """Checks the values.

        Raises:
            RequestError: One is unknown or out of range.
        """
        fields.check(self)
        regions = self.regions()
        if regions and {*regions.values()} == {_NONE}:
            raise RequestError(
                f"--style={self.style}: one of near and far needs a style"
            )
        if self.mask is not None and not regions:
            raise RequestError(
                "--mask: give --style=near:STYLE,far:STYLE with it"
            )
        if not self.paint_pixels >= 1000:
            raise RequestError(
                f"--paint_size={self.paint_size}: give megapixels, as 1 or 0.5"
                f" (0.001 at least), or {_FULL}"
            )

    def regions(self) -> dict[str, str]:
        """{"near": style, "far": style}, or empty; RequestError for one."""
        parts = [part.partition(":") for part in (self.style or "").split(",")]
        found = {
            name.strip(): style.strip()
            for name, _, style in parts
            if name.strip() in ("near", "far")
        }
        if found and (len(found) != 2 or len(parts) != 2):
            raise RequestError(
                f"--style={self.style}: give near:STYLE,far:STYLE, each a style"
                " or none"
            )
        return found

    def input_files(self) -> list[pathlib.Path]:
        """The mask, if any; RequestError where it is no path."""
        return [] if self.mask is None else [files.resolve(self.mask, "mask")]

    def kept_regions(self) -> tuple[str, ...]:
        """The regions in which the photo stays."""
        return tuple(n for n, style in self.regions().items() if style == _NONE)

    @property
    def paint_pixels(self) -> float:
        """Pixels of `paint_size`; infinite for every pixel, NaN for no size."""
        if self.paint_size == _FULL:
            return math.inf
        try:
            pixels = float(self.paint_size) * 1e6
        except (TypeError, ValueError):
            return math.nan
        return pixels if math.isfinite(pixels) else math.nan
