"""The table of a reproduction, from the metrics.json of its evaluations."""

from collections.abc import Mapping
from typing import Any

RATIOS = {
    "style.loss": "style",
    "style.scale2": "style, half size",
    "style.scale4": "style, quarter size",
    "colour.distance": "colour",
    "content.loss": "content",
    "content.ssim": "SSIM ↑",
}
"""{metric of an evaluation: its column}: means over those without depth."""

_KINDS = {"squared": "depth, {}", "aligned": "depth aligned, {}"}
_NONE = "–"


def columns(metrics: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """One row per model of a metrics.json.

    Returns:
        {label: {column: text}}; "–" where the evaluation has no such number.
        Ratios are to the model without depth, with their 95 % interval.
        "regained" is the share of the rank correlation with measured depth
        that stylizing without depth loses and the model keeps.
    """
    photos = metrics["sets"]["photos"]["metrics"]
    rooms = metrics["sets"].get("rooms", {}).get("metrics", {})
    reference = metrics["sets"]["photos"]["reference"]
    names = dict(RATIOS)
    for name in photos:
        family, _, kind = name.rpartition(".")
        if family.startswith("depth.") and kind in _KINDS:
            names[name] = _KINDS[kind].format(family.removeprefix("depth."))
    labels = next(iter(photos.values()))["models"]
    rows: dict[str, dict[str, str]] = {label: {} for label in labels}
    for label, row in rows.items():
        for name, column in names.items():
            models = photos.get(name, {}).get("models", {})
            row[column] = _interval(models.get(label, {}).get("ratio"))
        for name, found in rooms.items():
            if name.startswith("measured.") and name.endswith(".spearman"):
                means = {
                    model: values["mean"]["value"]
                    for model, values in found["models"].items()
                }
                judge = name.split(".")[1]
                row[f"regained, {judge} ↑"] = _regained(means, reference, label)
    return rows


def _regained(means, reference, label):
    lost = means["identity"] - means[reference]
    if not lost or label in (reference, "identity"):
        return _NONE
    return f"{(means[label] - means[reference]) / lost:.0%}"


def _interval(estimate):
    if not estimate or estimate["value"] is None:
        return _NONE
    if estimate["low"] is None:
        return f"{estimate['value']:.2f}"
    return "{value:.2f} [{low:.2f}, {high:.2f}]".format(**estimate)


def table(
    groups: Mapping[str, Mapping[str, Any]],
    weights: Mapping[tuple[str, str], float],
) -> str:
    """One Markdown table of several evaluations.

    Args:
        groups: {painting: content of its metrics.json}.
        weights: {(painting, label): depth weight} of the trained models.
    """
    rows = [
        {
            "painting": title,
            "model": label,
            "depth weight": f"{weights.get((title, label), 0):g}",
            **row,
        }
        for title, metrics in groups.items()
        for label, row in columns(metrics).items()
    ]
    head = list(dict.fromkeys(name for row in rows for name in row))
    lines = [head, ["---"] * len(head)]
    lines += [[row.get(name, _NONE) for name in head] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
