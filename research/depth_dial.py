r"""Measures what the depth dial keeps and costs, and draws it.

    python research/depth_dial.py --material=FOLDER --output=runs/dial

FOLDER is as style_material.py says, and has weights/driving.npz for the judge
of driving_depth.py, which had no part in the training and is called hub. Each
style of the network paints 100 photos of `--part` at every depth dial in
`--dials`. Of each style there is a report. dial.csv has means of style,
colours, content and depth (by FastDepth, the teacher, and by the judge), and
ratios to the first dial with 95 % intervals; dial.png draws ratios.

Time: about 45 minutes on two CPU cores, by the pace of its first 18 photos.
Expected: the table in docs/evaluation.md.
"""

import csv
import io
import pathlib
import re
from typing import Any

import style_material
from absl import flags
from style_material import STYLES

import fast_depth_style as fds
from fast_depth_style import files
from fast_depth_style.tools import program

_MATERIAL = flags.DEFINE_string(
    "material", None, "Folder of paintings, photos and weights.", required=True
)
_OUTPUT = flags.DEFINE_string("output", None, "A folder.", required=True)
_MODEL = flags.DEFINE_string("model", "shipped", "Network that is measured.")
_PART = flags.DEFINE_enum(
    "part", "validation", ["validation", "test"], "Of photo_split.json."
)
_DIALS = flags.DEFINE_list("dials", ["0", "0.25", "0.5", "0.75", "1"], "Dials.")
_COUNT = flags.DEFINE_integer("count", 100, "Photos.", 2)

_METRICS = (
    "style.loss",
    "style.scale1",
    "style.scale2",
    "style.scale4",
    "colour.distance",
    "content.loss",
)
_DEPTH = re.compile(r"depth\.(\w|-)+\.aligned")


def main() -> None:
    """Measures every style, then writes the table and the plot."""
    from driving_depth import write_module

    material = style_material.find(_MATERIAL.value)
    output = files.resolve(_OUTPUT.value, "output")
    paintings = style_material.prepare_paintings(material, output / "paintings")
    photos = style_material.link_photos(
        _PART.value, material, output / "photos"
    )
    judge = output / "driving"
    write_module(material / "weights/driving.npz", judge)
    rows = []
    for style, painting in zip(STYLES, paintings, strict=True):
        settings = fds.EvaluationSettings(
            models=tuple(
                f"{dial}={_MODEL.value}?style={style}&depth={dial}"
                for dial in _DIALS.value
            ),
            style=painting,
            # At stroke 0.5, the middle of a range of 3.
            style_size=round(style_material.SIZES[style] * 3**0.5),
            depth_network=(style_material.teacher(material), f"hub:{judge}"),
            teachers=("fast_depth",),
            perceptual_network=style_material.perceptual_network(material),
            content=str(photos),
            photos=_COUNT.value,
            image_size=224,
            output=str(output / style),
        )
        [table] = fds.evaluate(settings)
        rows += _ratios(style, table)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files.write_text(output / "dial.csv", text.getvalue())
    _draw(rows, output / "dial.png")


def _ratios(style: str, table: Any) -> list[dict]:
    from fast_depth_style.evaluation import statistics

    depth = [name for name in table.values if _DEPTH.fullmatch(name)]
    rows = []
    for metric in (*_METRICS, *depth):
        values = table.values[metric]
        for row, dial in enumerate(_DIALS.value):
            mean = statistics.mean(values[row])
            ratio = statistics.ratio(values[row], values[0])
            rows.append(
                {
                    "style": style,
                    "metric": metric,
                    "dial": dial,
                    "mean": mean.value,
                    "ratio": ratio.value,
                    "low": ratio.low,
                    "high": ratio.high,
                }
            )
    return rows


def _draw(rows: list[dict], path: pathlib.Path) -> None:
    import matplotlib.figure

    drawn = dict.fromkeys(row["metric"] for row in rows)
    drawn = [m for m in drawn if m == "style.loss" or _DEPTH.fullmatch(m)]
    dials = [float(dial) for dial in _DIALS.value]
    figure = matplotlib.figure.Figure(figsize=(12, 5.5), layout="constrained")
    panels = figure.subplots(2, 4, sharex=True, sharey=True).flat
    for panel, style in zip(panels, STYLES, strict=False):
        for metric in drawn:
            of = [
                r for r in rows if (r["style"], r["metric"]) == (style, metric)
            ]
            ratio = [row["ratio"] for row in of]
            panel.errorbar(
                dials,
                ratio,
                [
                    [row["ratio"] - row["low"] for row in of],
                    [row["high"] - row["ratio"] for row in of],
                ],
                label=metric,
                capsize=2,
            )
        panel.axhline(1.0, color="0.8", linewidth=1, zorder=0)
        panel.set(title=STYLES[style].split(",")[0], xlabel="depth dial")
    *_, last = figure.axes
    last.axis("off")
    last.legend(*figure.axes[0].get_legend_handles_labels(), loc="center")
    figure.supylabel(f"over depth dial {_DIALS.value[0]}")
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    program.run(main)
