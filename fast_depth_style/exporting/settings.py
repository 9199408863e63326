"""Settings of an export. Imports nothing heavy."""

import importlib.util
import re

from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.networks import MINIMUM_SIDE
from fast_depth_style.settings import setting, settings_class

FORMATS = (
    "saved_model",
    "tflite_float32",
    "tflite_float16",
    "tflite_int8",
    "onnx",
)

PACKAGES = {
    "tflite": ("ai-edge-litert",),
    "onnx": ("onnx", "onnxruntime"),
}
"""How formats begin, and the packages that make and run them."""

MAXIMUM_PIXELS = 1 << 23
"""Of a picture, and of all pictures in a request: 3840x2160 fits."""


@settings_class
class ExportSettings:
    """What an export writes."""

    formats: tuple[str, ...] = setting(
        default=("saved_model",),
        help=f"Files to write, of {', '.join(FORMATS)}; those for TFLite need"
        " the extra tflite.",
    )
    sizes: tuple[str, ...] = setting(
        default=("256", "384", "512"),
        help="Picture sizes of the TFLite files, in pixels: 384 for a square,"
        " 640x480 for width x height. All files are verified at these sizes.",
    )
    photos: str | None = setting(
        default=None,
        help="Folder of photos that all files are verified with; by default a"
        " few sample pictures.",
    )

    def __post_init__(self) -> None:
        """Checks formats and sizes.

        Raises:
            RequestError: One is unknown, too small, too large or missing.
            MissingExtraError: A format needs what is not installed.
        """
        for name in self.formats or ("",):
            if name not in FORMATS:
                raise RequestError(
                    f"--formats={name}: choose of {', '.join(FORMATS)}"
                )
            tflite = name.startswith("tflite")
            if tflite and not importlib.util.find_spec("ai_edge_litert"):
                raise MissingExtraError(f"--formats={name}", "tflite")
        self.resolved_sizes()

    def resolved_sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of each of `sizes`, without repetitions."""
        return tuple(dict.fromkeys(map(_size, self.sizes or ("",))))


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", str(text), re.ASCII)
    if match is None:
        raise RequestError(
            f"--sizes={text}: give sizes in pixels, as 384 or 640x480"
        )
    width, height = int(match[1]), int(match[2] or match[1])
    if min(width, height) < MINIMUM_SIDE or width * height > MAXIMUM_PIXELS:
        raise RequestError(
            f"--sizes={text}: must be from {MINIMUM_SIDE}x{MINIMUM_SIDE} to"
            f" {MAXIMUM_PIXELS:,} pixels"
        )
    return height, width
