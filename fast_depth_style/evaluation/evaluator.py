"""Metric families, the plug-ins of an evaluation.

Every module `fast_depth_style/evaluation/*_metrics.py` is one family. It has a
function `evaluators(context: Context) -> list[Evaluator]`; that is all it takes
to appear in the CSV, the JSON and the report.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from fast_depth_style.evaluation.judges import Judge
from fast_depth_style.objective_settings import ObjectiveSettings


@dataclass(frozen=True)
class Metric:
    """Key in the files, label in the report, and what is better.

    A headline stands in the first table of the report.
    """

    name: str
    label: str
    better: str = "lower"
    headline: bool = False


@dataclass(frozen=True)
class Context:
    """What metric families are made from.

    `objective` has the layers, scales and weights of style and content,
    `perceptual` gives the features of those layers. `painting` is (height,
    width, 3) uint8, scaled as training does. `measured` says whether the photos
    come with measured depth.
    """

    objective: ObjectiveSettings
    perceptual: keras.Model
    painting: np.ndarray
    judges: Sequence[Judge]
    measured: bool = False


class Sample:
    """One photo and what each model made of it.

    Attributes:
        photo: (height, width, 3) uint8.
        pictures: (models, height, width, 3) uint8.
        measured: (height, width) float32 metres, NaN where unknown, or None.
    """

    def __init__(
        self,
        photo: np.ndarray,
        pictures: np.ndarray,
        measured: np.ndarray | None = None,
    ):
        """Keeps the arrays; nothing is computed yet."""
        self.photo, self.pictures, self.measured = photo, pictures, measured
        # A picture that is the photo itself goes through no network twice.
        self._rows, batch = [0], [photo]
        for picture in pictures:
            same = np.array_equal(picture, photo)
            self._rows.append(0 if same else len(batch))
            batch += [] if same else [picture]
        self._batch = np.stack(batch).astype("float32")
        self._outputs: dict[Callable[..., Any], Any] = {}

    def outputs(self, function: Callable[[np.ndarray], Any]) -> Any:
        """Applies a function to photo and pictures, once for all who ask.

        The function, such as a network, turns (n, height, width, 3) float32 in
        0..255 into a tensor or a structure of tensors, each (n, …). They are
        returned as float32 arrays of (1 + models, …), the photo first.
        """

        def rows(tensor):
            return ops.convert_to_numpy(ops.cast(tensor, "float32"))[self._rows]

        if function not in self._outputs:
            found = keras.tree.map_structure(rows, function(self._batch))
            self._outputs[function] = found
        return self._outputs[function]


@dataclass(frozen=True)
class Evaluator:
    """Some metrics, in the order of the report, and how they are measured.

    `measure` turns a sample into {metric name: value} of each picture, NaN
    where a metric has no meaning.
    """

    metrics: Sequence[Metric]
    measure: Callable[[Sample], list[dict[str, float]]]


def find_evaluators(context: Context) -> list[Evaluator]:
    """Makes the evaluators of every family, families in order of name."""
    package = importlib.import_module("fast_depth_style.evaluation")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__))
    found = []
    for name in (name for name in names if name.endswith("_metrics")):
        family = importlib.import_module(f"{package.__name__}.{name}")
        found += family.evaluators(context)
    return found
