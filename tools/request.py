r"""Sends a photo to a running TensorFlow Serving and writes the painting.

    fast-depth-style request --server=http://localhost:8501 \
        --model=styles --style=udnie --input=photo.jpg --output=painting.png

Exits with 1 where no server answers, 2 where it refuses the request. gRPC
needs pip install 'fast-depth-style[serving]'.
"""

from absl import flags

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.runs.progress import say
from fast_depth_style.serving.settings import ServerSettings
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
_DEPTH = flags.DEFINE_float("depth", None, "How much depth is kept, 0 to 1.")
_STROKE = flags.DEFINE_float(
    "stroke", None, "How broad the strokes are, 0 to 1."
)


def main() -> None:
    """Checks the output, asks the server, writes the painting."""
    from fast_depth_style.images.picture import UnreadablePicture
    from fast_depth_style.images.sequence import first_only
    from fast_depth_style.serving import client
    from fast_depth_style.stylization import plan

    server = ServerSettings(**_SERVER())
    asked = {
        flag.name: flag.value
        for flag in (_STYLE, _DEPTH, _STROKE)
        if flag.value is not None
    }
    # All three or none: a signature has no defaults.
    if asked:
        if "style" not in asked:
            raise RequestError("--depth, --stroke: give --style as well")
        asked = {"depth": 1.0, "stroke": 0.5} | asked
    photo, target = plan.plan_file(_INPUT.value, _OUTPUT.value, stills=True)
    plan.claim(_OUTPUT.value, [target])
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
