r"""Exports a trained style as SavedModel, TFLite and ONNX files.

    fast-depth-style export --workdir=runs/wave --output=models/wave \
        --formats=saved_model,tflite_float16,tflite_int8 --photos=photos

Every file is run in its target runtime and compared with the network on
pictures. A file that differs is not written, the earlier one stays and the exit
code is 1. The figures are in export_report.json. An unfinished training is
exported as it is at its newest checkpoint; the card says so. TFLite files need
pip install 'fast-depth-style[tflite]'.
"""

from absl import flags

from fast_depth_style.exporting.settings import ExportSettings
from fast_depth_style.tools import program
from fast_depth_style.tools.flags import define

_WORKDIR = flags.DEFINE_string(
    "workdir",
    None,
    "Folder of a training, or of an exported model; shipped or shipped_mobile"
    " for a network of the package.",
    required=True,
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "Folder for the exported files: new, empty or of an earlier export.",
    required=True,
)
_SETTINGS = define(ExportSettings)


def main() -> None:
    """Exports the network of a training or of an exported model."""
    settings = ExportSettings(**_SETTINGS())
    from fast_depth_style.api import export
    from fast_depth_style.exporting.signatures import ExportError

    try:
        export(_WORKDIR.value, _OUTPUT.value, settings)
    except ExportError as error:
        program.fail(str(error))


if __name__ == "__main__":
    program.run(main)
