r"""Exports a trained style: SavedModel, TFLite, ONNX, each proved right.

    fast-depth-style export --workdir=runs/wave --output=models/wave \
        --formats=saved_model,tflite_float16,tflite_int8 --photos=photos

Every file is loaded with the runtime that its users have and compared with the
network on pictures; one that does not hold is not written, what was there stays
and the exit code is 1. The figures are in export_report.json.
"""

from absl import flags

from fast_depth_style.requests import RequestError
from fast_depth_style.serving.export_settings import FORMATS, ExportSettings
from fast_depth_style.tools import program

_D = ExportSettings()

_WORKDIR = flags.DEFINE_string(
    "workdir",
    None,
    "Folder of a finished training, or of an exported model.",
    required=True,
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder for the exported files.", required=True
)
_FORMATS = flags.DEFINE_list(
    "formats", [*_D.formats], f"Of {', '.join(FORMATS)}."
)
_SIZES = flags.DEFINE_list(
    "sizes",
    [str(size) for size in _D.sizes],
    "Sides of the square pictures of the TFLite files, in pixels.",
)
_PHOTOS = flags.DEFINE_string(
    "photos",
    _D.photos,
    "Folder of photos to calibrate int8 on and to check the files with; by"
    " default sample pictures, which are fewer.",
)


def main() -> None:
    """Reads the network, exports it and shows the proof."""
    try:
        sizes = tuple(int(size) for size in _SIZES.value)
    except ValueError:
        raise RequestError(
            f"--sizes={','.join(_SIZES.value)} is not a list of numbers"
        ) from None
    settings = ExportSettings(tuple(_FORMATS.value), sizes, _PHOTOS.value)

    from fast_depth_style.serving.export import export
    from fast_depth_style.serving.network import read_network
    from fast_depth_style.serving.saved_model import ExportError, read_card

    network = read_network(_WORKDIR.value)
    card = read_card(_WORKDIR.value)
    try:
        export(network, card, _OUTPUT.value, settings)
    except ExportError as error:
        program.fail(str(error))


if __name__ == "__main__":
    program.run(main)
