"""SciPy, or an error that names the extra that brings it."""

from fast_depth_style.errors import MissingExtraError

try:
    from scipy import ndimage, stats
except ModuleNotFoundError as error:
    raise MissingExtraError("evaluate", "evaluate") from error

__all__ = ["ndimage", "stats"]
