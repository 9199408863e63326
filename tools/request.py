r"""Sends a photo to a running TensorFlow Serving and writes the painting.

    fast-depth-style request --server=http://localhost:8501 \
        --model=styles --style=udnie --input=photo.jpg --output=painting.png

Exits with 1 where no server answers, 2 where it refuses the request. gRPC
needs pip install 'fast-depth-style[serving]'.
"""

from absl import flags

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.networks import DIAL_DEFAULTS, DIALS
from fast_depth_style.runs.progress import say
from fast_depth_style.serving.settings import ServerSettings
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.tools import program
from fast_depth_style.tools.flags import define

_SERVER = define(ServerSettings, required=("server", "model"))
_INPUT = flags.DEFINE_string("input", None, "A photo.", required=True)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "A file (.jpg, .png, .tif, .webp), or a folder for one of the photo's"
    " name.",
    required=True,
)
_STYLE = flags.DEFINE_string(
    "style",
    None,
    "Of a model of several styles or with dials, one or a blend:"
    " great_wave:0.7,udnie:0.3.",
)
_DIALS = define(StylizeSettings, only=DIALS)


def main() -> None:
    """Checks the output, asks the server, writes the painting."""
    from fast_depth_style.images.picture import UnreadablePicture
    from fast_depth_style.images.sequence import first_only
    from fast_depth_style.serving import client
    from fast_depth_style.stylization import output_paths

    server = ServerSettings(**_SERVER())
    dials = _DIALS()
    StylizeSettings(**dials)  # Refuses what is out of range.
    asked = {}
    # All three or none: a signature has no defaults.
    if _STYLE.value is not None:
        asked = {"style": _STYLE.value} | DIAL_DEFAULTS | dials
    elif dials:
        raise RequestError("--depth, --stroke: give --style as well")
    photo, target = output_paths.target_path(
        _INPUT.value, _OUTPUT.value, stills=True
    )
    output_paths.claim(_OUTPUT.value, [target])
    try:
        if note := first_only(photo, "painted"):
            say(note)
        with client.Client(server.server, server.timeout) as connected:
            client.stylize_photo(connected, server.model, photo, target, asked)
    except UnreadablePicture as error:
        raise RequestError(str(error)) from error
    except client.ServerError as error:
        program.fail(str(error))
    print(f"stylized {files.printable(target)}")


if __name__ == "__main__":
    program.run(main)
