"""What a family of metrics is: a plug-in of the evaluation.

Every module `fast_depth_style/evaluation/*_metrics.py` is one family. It has a
function `evaluators(context: Context) -> list[Evaluator]`; that is all it takes
to appear in the table, the CSV, the JSON and the report.
"""

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import Protocol

import keras
import numpy as np

from fast_depth_style.perception.depth_estimator import DepthEstimator


@dataclasses.dataclass(frozen=True)
class Metric:
    """What one number says.

    Attributes:
        name: Key in the files, such as "style.balanced".
        label: What it is called in the report.
        better: "lower" or "higher".
        headline: Whether it stands in the first table of the report.
    """

    name: str
    label: str
    better: str = "lower"
    headline: bool = False


@dataclasses.dataclass(frozen=True)
class Context:
    """What the families of metrics are made from.

    Attributes:
        perceptual: Network in which style and content are felt.
        style_layers: Its layers whose Gram matrices are compared.
        content_layer: Its layer whose features are compared.
        painting: (1, height, width, 3) float32 in 0..255, scaled as training
            does.
        judges: Depth networks by their names in the report.
        measured: Whether the photos come with measured depth.
    """

    perceptual: keras.Model
    style_layers: Sequence[str]
    content_layer: str
    painting: np.ndarray
    judges: Mapping[str, DepthEstimator]
    measured: bool


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
        self.photo = photo
        self.pictures = pictures
        self.measured = measured
        # A picture that is the photo itself goes through no network twice.
        self._rows = [0]
        batch = [photo]
        for picture in pictures:
            if np.array_equal(picture, photo):
                self._rows.append(0)
            else:
                self._rows.append(len(batch))
                batch.append(picture)
        self._batch = np.stack(batch).astype("float32")
        self._outputs = {}

    def outputs(self, network: keras.Model) -> Mapping[str, np.ndarray]:
        """Runs a network over photo and pictures, once for all who ask.

        Args:
            network: A depth estimator or a perceptual network.

        Returns:
            {layer: (1 + models, …) float32}, the photo first. A depth
            estimator's map is the one layer "depth".
        """
        if id(network) not in self._outputs:
            outputs = network(keras.ops.convert_to_tensor(self._batch))
            if not isinstance(outputs, Mapping):
                outputs = {"depth": outputs}
            self._outputs[id(network)] = {
                layer: keras.ops.convert_to_numpy(
                    keras.ops.cast(output, "float32")
                )[self._rows]
                for layer, output in outputs.items()
            }
        return self._outputs[id(network)]


class Evaluator(Protocol):
    """A family of metrics, ready to measure.

    Attributes:
        metrics: What `measure` returns, in the order of the report.
    """

    metrics: Sequence[Metric]

    def measure(self, sample: Sample) -> list[dict[str, float]]:
        """Measures each picture of a sample.

        Returns:
            One {metric name: value} per picture; NaN where a metric has no
            meaning, such as the correlation with a flat map.
        """


def find_evaluators(context: Context) -> list[Evaluator]:
    """Makes the evaluators of every family, families in order of name."""
    package = importlib.import_module(__package__)
    found = []
    for module in sorted(pkgutil.iter_modules(package.__path__)):
        if module.name.endswith("_metrics"):
            family = importlib.import_module(f"{__package__}.{module.name}")
            found += family.evaluators(context)
    return found
