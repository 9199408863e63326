"""Style transfer that keeps the depth of a photo.

    import fast_depth_style as fds

    painting = fds.stylize(photo, style="udnie", depth=0.8)

Photos and paintings are (height, width, 3) uint8 RGB arrays or PIL images. The
functions are imported when they are first used, so that importing this package
takes no time.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fast_depth_style.api import export, optimize, train
    from fast_depth_style.errors import NotFiniteError, RequestError
    from fast_depth_style.evaluation.evaluate import evaluate
    from fast_depth_style.evaluation.settings import EvaluationSettings
    from fast_depth_style.exporting.settings import ExportSettings
    from fast_depth_style.optimization.settings import OptimizationSettings
    from fast_depth_style.stylization.frames import stylize_frames
    from fast_depth_style.stylization.photos import stylize
    from fast_depth_style.training.settings import TrainingSettings, preset

__all__ = [
    "EvaluationSettings",
    "ExportSettings",
    "NotFiniteError",
    "OptimizationSettings",
    "RequestError",
    "TrainingSettings",
    "evaluate",
    "export",
    "optimize",
    "preset",
    "stylize",
    "stylize_frames",
    "train",
]

_PLACES = {
    "EvaluationSettings": "evaluation.settings",
    "ExportSettings": "exporting.settings",
    "NotFiniteError": "errors",
    "OptimizationSettings": "optimization.settings",
    "RequestError": "errors",
    "TrainingSettings": "training.settings",
    "evaluate": "evaluation.evaluate",
    "export": "api",
    "optimize": "api",
    "preset": "training.settings",
    "stylize": "stylization.photos",
    "stylize_frames": "stylization.frames",
    "train": "api",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_PLACES[name]}")
    found = getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
