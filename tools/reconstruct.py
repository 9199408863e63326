r"""Shows what the layers of a perceptual network keep of content and style.

    fast-depth-style reconstruct --picture=photo.jpg --style=wave.jpg \
        --output=inside.png

Above: the photo from one layer at a time; below: the painting's style from
more and more layers. Stop it when you like: the same command continues.
"""

from absl import flags as absl_flags

from fast_depth_style import files
from fast_depth_style.optimization.settings import ReconstructionSettings
from fast_depth_style.tools import flags, program

_OUTPUT = absl_flags.DEFINE_string(
    "output",
    None,
    "The sheet's file (.jpg, .png, .tif, .webp); the reconstructions go to a"
    " folder beside it, NAME.run.",
    required=True,
)
_SETTINGS = flags.define(ReconstructionSettings, first=("picture", "style"))


def main() -> None:
    """Makes the sheet, or continues to."""
    given = _SETTINGS()
    for name in {"picture", "style"} & {*given}:
        given[name] = str(files.resolve(given[name], name))
    settings = ReconstructionSettings(**given)
    from fast_depth_style.optimization.reconstruction import reconstruct

    folder = reconstruct(settings, _OUTPUT.value)
    print(
        f"Done: {files.printable(_OUTPUT.value)}; each reconstruction is in"
        f" {files.printable(folder)}"
    )


if __name__ == "__main__":
    program.run(main)
