"""The training curves of a group, as the report's figure shows them."""

import os

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

TERMS = ("content", "style", "tv", "depth")
_POINTS = 200


def draw_curves(runs: dict[str, list[dict[str, float]]]) -> Figure:
    """Draws content, style, total variation and depth of several runs.

    Args:
        runs: {label: rows of a losses.csv}; a run without depth has no curve
            in that panel. Terms are unweighted, means over a two-hundredth of
            the run.
    """
    figure = Figure(figsize=(4 * len(TERMS), 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, term in zip(figure.subplots(1, len(TERMS)), TERMS, strict=True):
        for i, (label, rows) in enumerate(runs.items()):
            if not rows or term not in rows[0]:
                continue
            steps, values = means([row[term] for row in rows])
            # A run has one colour, also where another has no such term.
            axes.plot(steps, values, label=label, linewidth=1.2, color=f"C{i}")
        axes.set_title(term)
        axes.set_xlabel("step")
        axes.set_yscale("log")
        axes.grid(alpha=0.25)
    axes = figure.axes[0]
    axes.legend(fontsize=8)
    return figure


def means(values: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Means over equal stretches of a run, and the last step of each.

    Args:
        values: One a step.
    """
    window = max(1, len(values) // _POINTS)
    count = len(values) // window
    blocks = np.reshape(values[: count * window], (count, window))
    return (np.arange(count) + 1) * window, blocks.mean(axis=1)


def save(figure: Figure, path: str | os.PathLike) -> None:
    """Writes a figure as PNG."""
    figure.savefig(path, dpi=100)
