"""What an export makes, checked before any long work."""

import dataclasses
import importlib.util

from fast_depth_style.networks import MINIMUM_SIDE
from fast_depth_style.requests import RequestError

FORMATS = (
    "saved_model",
    "tflite_float32",
    "tflite_float16",
    "tflite_int8",
    "onnx",
)

# Of the formats that need more than the package itself: the modules, and the
# extra that brings them.
_EXTRAS = {"onnx": (("onnx", "onnxruntime"), "onnx")}


@dataclasses.dataclass(frozen=True)
class ExportSettings:
    """Settings of an export.

    Attributes:
        formats: Of `FORMATS`.
        sizes: Sides of the square pictures of the TFLite files, in pixels; all
            files are checked at these sizes.
        photos: Folder of photos to calibrate int8 on and to check all files
            with; None takes sample pictures.
    """

    formats: tuple[str, ...] = ("saved_model", "tflite_float16")
    sizes: tuple[int, ...] = (256, 384, 512)
    photos: str | None = None

    def __post_init__(self):
        """Checks the settings.

        Raises:
            RequestError: A format is unknown or needs what is not installed, or
                a size is too small.
        """
        if not self.formats:
            raise RequestError(f"no format: choose of {', '.join(FORMATS)}")
        for name in self.formats:
            if name not in FORMATS:
                raise RequestError(
                    f"unknown format {name!r}: choose of {', '.join(FORMATS)}"
                )
            modules, extra = _EXTRAS.get(name, ((), None))
            if any(
                importlib.util.find_spec(module) is None for module in modules
            ):
                raise RequestError(
                    f"format {name} needs {' and '.join(modules)}:"
                    f" pip install 'fast-depth-style[{extra}]'"
                )
        if not self.sizes:
            raise RequestError("no size: give at least one, in pixels")
        for size in self.sizes:
            if size < MINIMUM_SIDE:
                raise RequestError(
                    f"size {size}: the least is {MINIMUM_SIDE} pixels"
                )
