r"""Makes one sheet of a photo in all styles, or along a dial.

    fast-depth-style compare photo.jpg
    fast-depth-style compare photo.jpg --dial=depth --style=starry_night

The first makes photo.styles.jpg, the second photo.depth.jpg, which shows the
depth maps as well.
"""

from absl import flags

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.runs.progress import say, track
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.tools import program
from fast_depth_style.tools.flags import define, define_model

_MODEL = define_model()
_DIAL = flags.DEFINE_enum(
    "dial",
    None,
    ["depth", "stroke", "strength"],
    "Compare values of this dial.",
)
_INPUT = flags.DEFINE_string(
    "input", None, "A photo; it may be given as a word without this flag."
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "The sheet: a picture file; by default beside the photo."
)
_SETTINGS = define(StylizeSettings)


def main(*inputs: str) -> None:
    """Checks the request, paints, writes the sheet."""
    settings = StylizeSettings(**_SETTINGS())
    if _INPUT.value is not None:
        inputs = (*inputs, _INPUT.value)
    if len(inputs) != 1:
        raise RequestError("name one photo, as in compare photo.jpg")
    from fast_depth_style.stylization import output_paths
    from fast_depth_style.stylization.request import style_files

    photo = files.resolve(inputs[0], "input")
    output = _OUTPUT.value
    if output is None:
        output = photo.with_name(f"{photo.stem}.{_DIAL.value or 'styles'}.jpg")
    photo, target = output_paths.target_path(photo, output, stills=True)
    files.require_different(
        target, [*settings.input_files(), *style_files(settings)[0]]
    )
    if _DIAL.value is None and settings.style is not None:
        raise RequestError(
            "--style: all styles are compared: leave it out, or give --dial"
        )
    output_paths.claim(output, [target])

    from fast_depth_style.images.files import read_rgb, write_picture
    from fast_depth_style.images.picture import Picture, UnreadablePicture
    from fast_depth_style.images.sequence import first_only
    from fast_depth_style.stylization import comparison

    try:
        rgb = read_rgb(photo)
        if note := first_only(photo, "compared"):
            say(note)
    except UnreadablePicture as error:
        raise RequestError(str(error)) from error
    if _DIAL.value is None:
        sheet = comparison.compare_styles(
            _MODEL.value, rgb, settings, track=_track
        )
    else:
        sheet = comparison.compare_dial(
            _MODEL.value, rgb, _DIAL.value, settings, track=_track
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    write_picture(target, Picture(sheet))
    print(f"wrote {files.printable(target)}")


def _track(items):
    return track(items, unit="picture")


if __name__ == "__main__":
    program.run(main)
