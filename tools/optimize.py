r"""Makes one picture by optimizing its pixels: slow, and the best quality.

    fast-depth-style optimize --content=photo.jpg --style=wave.jpg \
        --output=painted.png

Watch painted.run/strip.png and losses.png. Stop it when you like: painted.png
is the picture so far, and the same command continues.
"""

from absl import flags as absl_flags

from fast_depth_style import files
from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.tools import flags, program

_OUTPUT = absl_flags.DEFINE_string(
    "output",
    None,
    "The picture's file (.jpg, .png, .tif, .webp); strip and losses go to a"
    " folder beside it, NAME.run.",
    required=True,
)
_SETTINGS = flags.define(OptimizationSettings, required=("content", "style"))


def main() -> None:
    """Makes the picture, or continues to."""
    settings = OptimizationSettings(**_SETTINGS())
    from fast_depth_style.optimization.optimize import optimize

    folder = optimize(settings, _OUTPUT.value)
    print(
        f"Done: {files.printable(_OUTPUT.value)}; how it came about is in"
        f" {files.printable(folder)}"
    )


if __name__ == "__main__":
    program.run(main)
