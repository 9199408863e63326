"""What an evaluation found, as numbers."""

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from fast_depth_style.evaluation import statistics
from fast_depth_style.evaluation.evaluator import Metric


@dataclasses.dataclass(frozen=True)
class Table:
    """What was measured on one set of photos.

    Attributes:
        name: The set's, "photos" or "rooms".
        models: Labels, the reference first.
        photos: Names of those that were measured.
        metrics: In the order of the report.
        values: {metric name: (models, photos) float64, NaN where a metric has
            no meaning}.
        skipped: (file, reason) of each photo that was not measured.
    """

    name: str
    models: list[str]
    photos: list[str]
    metrics: list[Metric]
    values: dict[str, np.ndarray]
    skipped: list[tuple[str, str]]


def summarize(tables: Sequence[Table]) -> dict:
    """Means, differences and ratios with intervals, for JSON.

    Returns:
        {set: {"photos", "skipped", "reference", "metrics": {metric: {"label",
        "better", "models": {model: {"mean", "difference", "ratio"}}}}}}; each
        number with "value", "low", "high" and "count", None where it has no
        meaning.
    """
    sets = {}
    for table in tables:
        metrics = {}
        for metric in table.metrics:
            values = table.values[metric.name]
            models = {}
            for label, row in zip(table.models, values, strict=True):
                models[label] = {
                    "mean": _plain(statistics.mean(row)),
                    "difference": _plain(statistics.difference(row, values[0])),
                    "ratio": _plain(statistics.ratio(row, values[0])),
                }
            metrics[metric.name] = {
                "label": metric.label,
                "better": metric.better,
                "models": models,
            }
        sets[table.name] = {
            "photos": len(table.photos),
            "skipped": [
                {"file": file, "reason": reason}
                for file, reason in table.skipped
            ],
            "reference": table.models[0],
            "metrics": metrics,
        }
    return sets


def _plain(estimate):
    return {
        key: None if math.isnan(value) else value
        for key, value in dataclasses.asdict(estimate).items()
    }


def csv_rows(table: Table) -> Iterator[list]:
    """The header, then a row per photo and model; empty where NaN."""
    yield ["photo", "model", *(metric.name for metric in table.metrics)]
    for column, photo in enumerate(table.photos):
        for row, model in enumerate(table.models):
            values = [table.values[m.name][row, column] for m in table.metrics]
            yield [photo, model, *("" if math.isnan(v) else v for v in values)]
