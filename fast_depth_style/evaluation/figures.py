"""The figures of a report, as pictures for HTML.

The colour maps are perceptually uniform: equal steps look equally far apart.
"""

import base64
import io
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fast_depth_style.evaluation import statistics
from fast_depth_style.evaluation.examples import Example
from fast_depth_style.evaluation.table import Table

DEPTH_COLOURS = "viridis"
DIFFERENCE_COLOURS = "magma"

# Okabe and Ito's colours, told apart by the colour-blind as well.
_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
    "#F0E442",
)


def trade_off(table: Table, controls: Sequence[str]) -> Figure:
    """Style loss against depth error, a panel per judge.

    Models are points with both intervals, joined in the order in which they
    were named; controls are squares on their own.

    Args:
        table: What was measured.
        controls: Labels of the controls.
    """
    errors = [
        metric
        for metric in table.metrics
        if metric.name.startswith("depth.") and metric.name.endswith(".aligned")
    ]
    figure = _figure(5.2 * len(errors), 4.2)
    for index, metric in enumerate(errors, 1):
        axes = figure.add_subplot(1, len(errors), index)
        path = []
        for row, label in enumerate(table.models):
            x = statistics.mean(table.values["style.balanced"][row])
            y = statistics.mean(table.values[metric.name][row])
            is_control = label in controls
            axes.errorbar(
                x.value,
                y.value,
                xerr=[[x.value - x.low], [x.high - x.value]],
                yerr=[[y.value - y.low], [y.high - y.value]],
                fmt="s" if is_control else "o",
                markerfacecolor="white" if is_control else None,
                color="#777777" if is_control else _colour(row),
                capsize=3,
            )
            axes.annotate(
                label,
                (x.value, y.value),
                xytext=(7, 7),
                textcoords="offset points",
                fontsize=9,
            )
            if not is_control:
                path.append((x.value, y.value))
        if path:
            axes.plot(*zip(*path, strict=True), color="#bbbbbb", zorder=0)
        axes.margins(0.15)
        # From 0 on, so that what is half looks half; a little below, so that
        # `identity` is seen.
        axes.set_xlim(left=-0.02 * axes.get_xlim()[1])
        axes.set_ylim(bottom=-0.02 * axes.get_ylim()[1])
        axes.set_xlabel("Style loss, balanced (less is closer to the painting)")
        axes.set_ylabel(metric.label)
        axes.grid(alpha=0.25)
    return figure


def distributions(table: Table) -> Figure:
    """Every headline metric over the photos: a box per model, the mean a dot.

    Boxes hold the middle half, whiskers reach the 5th and 95th percentile.

    Args:
        table: What was measured.
    """
    metrics = [metric for metric in table.metrics if metric.headline]
    columns = min(3, len(metrics))
    rows = -(-len(metrics) // columns)
    height = 0.28 * len(table.models) + 1.1
    figure = _figure(4.2 * columns, height * rows)
    for index, metric in enumerate(metrics, 1):
        axes = figure.add_subplot(rows, columns, index)
        values = [row[np.isfinite(row)] for row in table.values[metric.name]]
        axes.boxplot(
            values,
            orientation="horizontal",
            tick_labels=table.models,
            whis=(5, 95),
            showfliers=False,
            showmeans=True,
            meanprops={"marker": "o", "markersize": 4},
        )
        axes.invert_yaxis()
        axes.set_title(
            f"{metric.label}\n({metric.better} is better)", fontsize=9
        )
        axes.tick_params(labelsize=8)
        axes.grid(axis="x", alpha=0.25)
    return figure


def example(shown: Example) -> Figure:
    """One photo and its stylizations, their depth, the differences.

    Each row of maps has one colour scale for all models, with its colour bar
    (the report's Figure 6).

    Args:
        shown: What to draw.
    """
    rows = [("", shown.pictures, None)]
    for depth in shown.depth:
        low, high = np.min(depth.maps[0]), np.max(depth.maps[0])
        rows.append(
            (depth.judge, depth.maps, (DEPTH_COLOURS, low, high, depth.unit))
        )
        high = np.quantile(depth.differences, 0.995) or 1.0
        rows.append(
            (
                "difference",
                depth.differences,
                (DIFFERENCE_COLOURS, 0.0, high, depth.unit),
            )
        )
    titles = ["photo", *shown.labels]
    figure = _figure(1.75 * len(titles) + 0.9, 1.75 * len(rows) + 0.35)
    grid = figure.subplots(len(rows), len(titles), squeeze=False)
    for axes_row, (label, pictures, colours) in zip(grid, rows, strict=True):
        for axes, picture in zip(axes_row, pictures, strict=True):
            axes.set_xticks([])
            axes.set_yticks([])
            if colours is None:
                axes.imshow(picture)
            else:
                name, low, high, unit = colours
                drawn = axes.imshow(picture, cmap=name, vmin=low, vmax=high)
        if colours is not None:
            # What is beyond the scale is drawn in its end colours.
            bar = figure.colorbar(
                drawn, ax=list(axes_row), fraction=0.02, pad=0.01, extend="both"
            )
            bar.ax.tick_params(labelsize=7)
            bar.set_label(unit, fontsize=8)
        axes_row[0].set_ylabel(label, fontsize=8)
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=9)
    return figure


def to_data_uri(figure: Figure, file_format: str = "png") -> str:
    """Encodes a figure so that HTML can hold it.

    Args:
        figure: The figure.
        file_format: "png", or "jpeg" for what is mostly photos.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format=file_format, dpi=110)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f"data:image/{file_format};base64,{text}"


def _figure(width, height):
    # Not pyplot: it would keep every figure, and may look for a screen.
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _colour(row):
    return _COLOURS[row % len(_COLOURS)]
