"""The report: one HTML file that needs no other."""

import html
import math
from collections.abc import Sequence

from fast_depth_style.evaluation import figures, statistics
from fast_depth_style.evaluation.evaluator import Metric
from fast_depth_style.evaluation.examples import Example
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.evaluation.table import Table

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; margin: 2rem auto;
  max-width: 78rem; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid #ddd; }
thead th { border-bottom: 2px solid #888; font-size: .85rem;
  vertical-align: bottom; }
tr.control { color: #666; font-style: italic; }
td small { color: #666; display: block; white-space: nowrap; }
img { max-width: 100%; height: auto; }
figure { margin: 1rem 0 2rem; } figcaption { color: #555; }
code { background: #f3f3f3; padding: .1em .3em; }
"""

_HEADINGS = {
    "photos": "Photos",
    "rooms": "Rooms with measured depth",
}

_READING = """
<p>Every number is a mean over the photos, with its 95&nbsp;% bootstrap
interval. Below it stands the comparison with the first model,
<b>{reference}</b>, photo by photo: × the ratio of the means where less is
better, Δ the difference where more is better.</p>
<p>Depth error is the squared difference between the depth seen in the photo
and in its stylization, over the variance of the photo's depth: 0 is kept, 1 is
as if the scene were flat. <i>Aligned</i> means after the best scale and shift.
Judges: {judges}. A judge that was used in training proves nothing.</p>
<p><i>Controls</i> are no styles: <b>identity</b> is the photo itself,
<b>blur</b> a Gaussian blur. Both keep depth and content without any style, so
a depth error says something only beside a style loss.</p>
"""


def render(
    tables: Sequence[Table],
    settings: EvaluationSettings,
    examples: Sequence[Example],
    controls: Sequence[str],
) -> str:
    """Lays out the report.

    Args:
        tables: What was measured, a table per set of photos.
        settings: What was asked for.
        examples: Photos to show.
        controls: Labels of the models that are controls.

    Returns:
        HTML with all pictures in it.
    """
    parts = [
        "<h1>Does depth survive?</h1>",
        _READING.format(
            reference=html.escape(tables[0].models[0]),
            judges=html.escape(", ".join(settings.depth_network)),
        ),
    ]
    for table in tables:
        parts += _section(
            table, [e for e in examples if e.set_name == table.name], controls
        )
    parts.append(_settings(settings))
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        "<title>Does depth survive?</title>"
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _section(table, examples, controls):
    count = len(table.photos)
    yield f"<h2>{_HEADINGS[table.name]} ({count})</h2>"
    yield _headlines(table, controls)
    yield "<h3>Style against depth</h3>"
    yield _picture(
        figures.trade_off(table, controls),
        "Left and down is better. Models are joined in the order in which they "
        "were named; bars are 95 % intervals.",
    )
    yield "<h3>Distributions</h3>"
    yield _picture(
        figures.distributions(table),
        "Line: median. Dot: mean. Box: the middle half of the photos. "
        "Whiskers: 5th to 95th percentile.",
    )
    yield "<h3>Pictures</h3>"
    for example in examples:
        yield _picture(
            figures.example(example),
            f"{example.kind}: {example.photo}. Maps of a row share one colour "
            "scale, the depth maps that of the photo's.",
            "jpeg",
        )
    yield _all_metrics(table)
    yield _skipped(table)


def _headlines(table, controls):
    metrics = [metric for metric in table.metrics if metric.headline]
    head = "".join(
        f'<th scope="col">{html.escape(metric.label)} '
        f"{'↓' if metric.better == 'lower' else '↑'}</th>"
        for metric in metrics
    )
    rows = []
    for row, model in enumerate(table.models):
        kind = ' class="control"' if model in controls else ""
        cells = "".join(_cell(table, metric, row) for metric in metrics)
        name = html.escape(model)
        rows.append(f'<tr{kind}><th scope="row">{name}</th>{cells}</tr>')
    return _table(f'<th scope="col">Model</th>{head}', rows)


def _cell(table: Table, metric: Metric, row: int) -> str:
    values = table.values[metric.name]
    lines = [f"<td>{_interval(statistics.mean(values[row]))}"]
    if row:
        compare, sign = statistics.difference, "Δ"
        if metric.better == "lower":
            compare, sign = statistics.ratio, "×"
        compared = compare(values[row], values[0])
        lines.append(f"<small>{sign} {_interval(compared)}</small>")
    return "".join([*lines, "</td>"])


def _all_metrics(table):
    rows = []
    for metric in table.metrics:
        values = table.values[metric.name]
        for row, model in enumerate(table.models):
            mean = statistics.mean(values[row])
            cells = [
                html.escape(metric.label),
                html.escape(model),
                _interval(mean),
                _interval(statistics.difference(values[row], values[0])),
                _interval(statistics.ratio(values[row], values[0])),
                str(mean.count),
            ]
            rows.append(
                "<tr>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"
            )
    head = "".join(
        f'<th scope="col">{title}</th>'
        for title in (
            "Metric",
            "Model",
            "Mean",
            "Difference to the first",
            "Ratio to the first",
            "Photos",
        )
    )
    table = _table(head, rows)
    return f"<details><summary>Every metric</summary>{table}</details>"


def _skipped(table):
    if not table.skipped:
        return "<p>No file was skipped.</p>"
    rows = "".join(
        f"<li><code>{html.escape(file)}</code>: {html.escape(reason)}</li>"
        for file, reason in table.skipped
    )
    return (
        f"<details><summary>{len(table.skipped)} files skipped</summary>"
        f"<ul>{rows}</ul></details>"
    )


def _settings(settings):
    rows = []
    for name, value in vars(settings).items():
        text = ", ".join(value) if isinstance(value, tuple) else str(value)
        rows.append(
            f'<tr><th scope="row"><code>{name}</code></th>'
            f"<td>{html.escape(text)}</td></tr>"
        )
    return f"<h2>Settings</h2>{_table('', rows)}"


def _picture(figure, caption, file_format="png"):
    text = html.escape(caption)
    uri = figures.to_data_uri(figure, file_format)
    return (
        f'<figure><img alt="{text}" src="{uri}">'
        f"<figcaption>{text}</figcaption></figure>"
    )


def _table(head, rows):
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>'
        f"{''.join(rows)}</tbody></table></div>"
    )


def _interval(estimate):
    if math.isnan(estimate.value):
        return "–"
    value, low, high = (
        f"{number:.3g}"
        for number in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} [{low}, {high}]"
