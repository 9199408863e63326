"""Results of an evaluation."""

import csv
import dataclasses
import io
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fast_depth_style import files
from fast_depth_style.evaluation import statistics
from fast_depth_style.evaluation.evaluator import Metric
from fast_depth_style.evaluation.statistics import Estimate


@dataclass(frozen=True)
class Table:
    """Measurements of one set of photos or clips.

    Attributes:
        name: "photos", "rooms" or "clips".
        models: Labels, the reference first.
        photos: Names of those that were measured.
        metrics: In the order of the report.
        values: {metric name: (models, photos) float64, NaN where a metric has
            no meaning}.
        skipped: (file, reason) of each photo that was not measured.
        controls: {label: "identity" or "blur"} of the models that are
            controls.
        examples: {photo: (1 + models, height, width, 3) uint8} of a few, the
            photo first.
    """

    name: str
    models: list[str]
    photos: list[str]
    metrics: list[Metric]
    values: dict[str, np.ndarray]
    skipped: list[tuple[str, str]]
    controls: Mapping[str, str] = dataclasses.field(default_factory=dict)
    examples: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)


Comparisons = Mapping[str, Mapping[str, Mapping[str, Estimate]]]
"""{metric: {model: {"mean", "difference", "ratio" and for some "recovered"}}}.

Difference and ratio are to the first model's mean. `recovered`, of a rank
correlation with measured depth: how much of what the first model lost, against
the photo itself, comes back.
"""


def compare(table: Table) -> Comparisons:
    """Compares every model with the first."""
    kinds = [table.controls.get(label) for label in table.models]
    photo = kinds.index("identity") if "identity" in kinds else None

    def comparison(name, row):
        values, reference = table.values[name][row], table.values[name][0]
        found = {
            "mean": statistics.mean(values),
            "difference": statistics.difference(values, reference),
            "ratio": statistics.ratio(values, reference),
        }
        is_rank = name.startswith("measured.") and name.endswith(".spearman")
        if is_rank and row and photo is not None:
            found["recovered"] = statistics.recovered(
                values, reference, table.values[name][photo]
            )
        return found

    return {
        metric.name: {
            label: comparison(metric.name, row)
            for row, label in enumerate(table.models)
        }
        for metric in table.metrics
    }


def summarize(table: Table, comparisons: Comparisons) -> dict:
    """Summary for JSON; None where a number has no meaning."""
    return {
        "photos": len(table.photos),
        "skipped": [
            {"file": file, "reason": reason} for file, reason in table.skipped
        ],
        "reference": table.models[0],
        "metrics": {
            metric.name: {
                "label": metric.label,
                "better": metric.better,
                "models": {
                    label: {name: _plain(e) for name, e in found.items()}
                    for label, found in comparisons[metric.name].items()
                },
            }
            for metric in table.metrics
        },
    }


def write_csv(path: str | os.PathLike[str], table: Table) -> None:
    """Writes a row per photo and model; a cell is empty where NaN."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["photo", "model", *(m.name for m in table.metrics)])
    for column, photo in enumerate(table.photos):
        for row, model in enumerate(table.models):
            values = [table.values[m.name][row, column] for m in table.metrics]
            cells = ["" if math.isnan(value) else value for value in values]
            writer.writerow([photo, model, *cells])
    files.write_text(path, text.getvalue())


def _plain(estimate: Estimate) -> dict[str, float | None]:
    values = vars(estimate).items()
    return {key: None if math.isnan(v) else v for key, v in values}
