r"""Sends a photo to a running TensorFlow Serving and writes the painting.

    fast-depth-style request --server=http://localhost:8501 \
        --model=great_wave --input=photo.jpg --output=painting.png

Exits with 1 where no server answers, 2 where it refuses the request. gRPC
needs pip install 'fast-depth-style[serving]'.
"""

from absl import flags

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.tools import program

_SERVER = flags.DEFINE_string(
    "server",
    None,
    "Its address: http://host:8501 (REST) or grpc://host:8500.",
    required=True,
)
_MODEL = flags.DEFINE_string(
    "model", None, "Name of the model on the server.", required=True
)
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
_TIMEOUT = flags.DEFINE_float(
    "timeout", 60.0, "Seconds to wait for the answer."
)


def main() -> None:
    """Checks the output, asks the server, writes the painting."""
    from fast_depth_style.images.picture import UnreadablePicture
    from fast_depth_style.serving import client
    from fast_depth_style.stylization import plan

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
    photo, target = plan.plan_file(_INPUT.value, _OUTPUT.value)
    try:
        with client.Client(_SERVER.value, _TIMEOUT.value) as server:
            client.stylize_photo(server, _MODEL.value, photo, target, asked)
    except UnreadablePicture as error:
        raise RequestError(str(error)) from error
    except client.ServerError as error:
        program.fail(str(error))
    print(f"stylized {files.printable(target)}")


if __name__ == "__main__":
    program.run(main)
