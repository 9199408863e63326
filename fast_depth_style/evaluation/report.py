"""The HTML report of an evaluation."""

import html
import io
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fast_depth_style.evaluation import html_page
from fast_depth_style.evaluation.judges import Judge
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.evaluation.statistics import Estimate
from fast_depth_style.evaluation.table import Comparisons, Table

_INTRODUCTION = """
<p>Every number is a mean over the photos with its 95&nbsp;% bootstrap
interval; × is the ratio to the first model, <b>{reference}</b>, over the same
photos.</p>
<p>Style loss is the relative difference of Gram matrices, over all scales and
at each. Colour distance is that of picture and painting. Stroke power is that
of strokes of 12 to 24 pixels where the photo is even. Depth error is the
squared difference between the depth seen in the photo and in the picture, over
the variance of the photo's: 0 is kept, 1 is a flat scene; <i>aligned</i>:
after the best scale and shift. <i>Recovered</i>: share of the rank correlation
with measured depth that {reference} loses against the photo itself.</p>
<p>Clips simulate a moving camera over a photo, so their motion is known.
Warping error is the root mean square difference of consecutive painted frames
after motion compensation.</p>
<p>Judges: {judges}. One that taught, or is related to one that did, does not
show that depth is kept.{unknown}</p>
<p><i>Controls</i>: <b>identity</b> is the photo itself, <b>blur</b> a Gaussian
blur. Both keep depth without any style: a depth error says something only
beside style.</p>"""
_UNKNOWN = " Which ones taught was not said: see <code>--teachers</code>."
_ARROWS = {"lower": "↓", "higher": "↑"}
_HEADINGS = {
    "photos": "Photos",
    "rooms": "Rooms with measured depth",
    "clips": "Clips with known motion",
}
# Okabe and Ito's colours, told apart by the colour-blind as well.
_COLOURS = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #000000".split()


def render(
    sets: Iterable[tuple[Table, Comparisons]],
    settings: EvaluationSettings,
    judges: Sequence[Judge],
) -> str:
    """The report as HTML, with all pictures in it.

    `sets` are tables with their comparisons. The first judge draws the depth
    of the examples.
    """
    sets = list(sets)
    introduction = _INTRODUCTION.format(
        reference=html.escape(sets[0][0].models[0]),
        judges=html.escape("; ".join(j.title for j in judges) or "none"),
        unknown="" if settings.teachers else _UNKNOWN,
    )
    sections = [
        part
        for table, comparisons in sets
        for part in _section(table, comparisons, [*judges[:1]])
    ]
    rows = [
        [name, html.escape(", ".join(v) if isinstance(v, tuple) else str(v))]
        for name, v in vars(settings).items()
    ]
    asked = f"<h2>Settings</h2>{html_page.table([], rows)}"
    return html_page.page("Style and depth", [introduction, *sections, asked])


def trade_off(table: Table, comparisons: Comparisons) -> Figure:
    """Style loss over all scales against depth error, a panel per judge.

    Models are points with both intervals, joined in the order in which they
    were named; controls are squares on their own.
    """
    errors = [
        metric
        for metric in table.metrics
        if metric.name.startswith("depth.") and metric.name.endswith(".aligned")
    ]
    # Not pyplot: it would keep every figure, and may look for a screen.
    figure = Figure(figsize=(5.2 * len(errors), 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(errors), squeeze=False)[0]
    for axes, metric in zip(panels, errors, strict=True):
        path = []
        for label, colour in zip(
            table.models, itertools.cycle(_COLOURS), strict=False
        ):
            x = comparisons["style.loss"][label]["mean"]
            y = comparisons[metric.name][label]["mean"]
            look = {"fmt": "o", "color": colour}
            if label in table.controls:
                look = {"fmt": "s", "color": "#777", "markerfacecolor": "white"}
            else:
                path.append((x.value, y.value))
            bars = [[[e.value - e.low], [e.high - e.value]] for e in (y, x)]
            axes.errorbar(x.value, y.value, *bars, capsize=3, **look)
            place = {"xytext": (7, 7), "textcoords": "offset points"}
            axes.annotate(label, (x.value, y.value), fontsize=9, **place)
        axes.plot(*np.array(path).reshape(-1, 2).T, color="#bbb", zorder=0)
        axes.margins(0.15)
        # From 0 on, so that what is half looks half; a little below, so that
        # `identity` is seen.
        axes.set_xlim(left=-0.02 * axes.get_xlim()[1])
        axes.set_ylim(bottom=-0.02 * axes.get_ylim()[1])
        axes.set(xlabel="Style loss, all scales", ylabel=metric.label)
        axes.grid(alpha=0.25)
    return figure


def _section(table, comparisons, judges: Sequence[Judge]) -> Iterator[str]:
    yield f"<h2>{_HEADINGS[table.name]} ({len(table.photos)})</h2>"
    # Style first: depth says nothing without it.
    metrics = sorted(
        table.metrics,
        key=lambda metric: metric.name.startswith(("depth.", "measured.")),
    )
    yield _numbers(table, comparisons, [m for m in metrics if m.headline])
    if table.name == "clips":
        judges = []
    else:
        buffer = io.BytesIO()
        trade_off(table, comparisons).savefig(buffer, format="png", dpi=110)
        yield html_page.figure(
            "Left and down is better. Models are joined in the order in which"
            " they were named; bars are 95 % intervals.",
            buffer.getvalue(),
        )
    titles = ["photo", *table.models]
    for name, pictures in table.examples.items():
        by = "".join(f", and its depth by {judge.name}" for judge in judges)
        yield f"<h3>{html.escape(name)}{by}</h3>"
        yield html_page.row(
            html_page.figure(
                label,
                each,
                *(html_page.depth_colours(j.estimator, each) for j in judges),
            )
            for label, each in zip(titles, pictures, strict=True)
        )
    if others := [metric for metric in metrics if not metric.headline]:
        yield _details("Other metrics", _numbers(table, comparisons, others))
    items = "".join(
        f"<li><code>{html.escape(file)}</code>: {html.escape(reason)}</li>"
        for file, reason in table.skipped
    )
    yield _details(f"{len(table.skipped)} files skipped", f"<ul>{items}</ul>")


def _numbers(table, comparisons, metrics) -> str:
    head = [
        f"{html.escape(metric.label)} {_ARROWS[metric.better]}"
        for metric in metrics
    ]
    rows = [
        [html.escape(model)]
        + [_cell(comparisons[metric.name][model]) for metric in metrics]
        for model in table.models
    ]
    classes = ["control" if m in table.controls else "" for m in table.models]
    return html_page.table(["Model", *head], rows, classes)


def _cell(found) -> str:
    lines = [_interval(found["mean"]), f"× {_interval(found['ratio'])}"]
    if "recovered" in found:
        lines.append(f"recovered: {_interval(found['recovered'])}")
    return lines[0] + "".join(f"<small>{line}</small>" for line in lines[1:])


def _details(summary: str, body: str) -> str:
    return f"<details><summary>{summary}</summary>{body}</details>"


def _interval(found: Estimate) -> str:
    if math.isnan(found.value):
        return "–"
    return f"{found.value:.3g} [{found.low:.3g}, {found.high:.3g}]"
