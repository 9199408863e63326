r"""Measures what the depth dial keeps and costs, and draws it.

    python research/depth_dial.py --material=FOLDER --output=runs/dial

FOLDER is as style_material.py says, and has weights/driving.npz for the judge
of driving_depth.py. Each style of the network paints 100 photos of `--part` at
every depth dial in `DIALS`. Depth is measured by FastDepth, the teacher, and by
that judge, which had no part in the training. dial.csv has all means, and
ratios to dial 0 with 95 % intervals; dial.png draws those of style and depth;
STYLE.csv has every figure.

Time: 50 minutes on two CPU cores. Expected at dial 1: style 0.97 to 1.20,
FastDepth 0.87 to 0.95, the judge 0.93 to 1.01.
"""

import csv
import io
import pathlib
from typing import Any

import style_material
from absl import flags
from style_material import STYLES

from fast_depth_style import files
from fast_depth_style.objective_settings import ObjectiveSettings
from fast_depth_style.tools import program

_MATERIAL = flags.DEFINE_string(
    "material", None, "Folder of paintings, photos and weights.", required=True
)
_OUTPUT = flags.DEFINE_string("output", None, "A folder.", required=True)
_MODEL = flags.DEFINE_string("model", "shipped", "Network that is measured.")
_PART = flags.DEFINE_enum(
    "part", "validation", ["validation", "test"], "Of photo_split.json."
)
_COUNT = flags.DEFINE_integer("count", 100, "Photos.", 2)

DIALS = (0.0, 0.25, 0.5, 0.75, 1.0)
_DRAWN = {
    "style.loss": "style",
    "depth.fast_depth.aligned": "depth, FastDepth (teacher)",
    "depth.hub.aligned": "depth, driving (independent)",
}
_METRICS = (
    *_DRAWN,
    "style.scale1",
    "style.scale2",
    "style.scale4",
    "colour.distance",
    "content.loss",
)


def main() -> None:
    """Measures every style, then writes the table and the plot."""
    # Here, since they import TensorFlow.
    from driving_depth import write_module

    from fast_depth_style.evaluation import photo_sets
    from fast_depth_style.evaluation import table as tables
    from fast_depth_style.evaluation.evaluate import measure
    from fast_depth_style.evaluation.evaluator import Context, find_evaluators
    from fast_depth_style.evaluation.judges import load_judges
    from fast_depth_style.evaluation.stylizers import load_stylizers
    from fast_depth_style.images.painting import read_painting
    from fast_depth_style.perception.registry import perceptual_network

    material = style_material.find(_MATERIAL.value)
    output = files.resolve(_OUTPUT.value, "output")
    driving = output / "driving"
    write_module(material / "weights/driving.npz", driving)
    judges = load_judges(
        (style_material.teacher(material), f"hub:{driving}"), ("fast_depth",)
    )
    objective = ObjectiveSettings(
        perceptual_network=style_material.perceptual_network(material)
    )
    perceptual = perceptual_network(
        objective.perceptual_network, objective.layers()
    )
    paintings = style_material.prepare_paintings(material, output / "paintings")
    photos = photo_sets.content_photos(
        style_material.link_photos(_PART.value, material, output / "photos"),
        _COUNT.value,
    )
    rows = []
    for style, painting in zip(STYLES, paintings, strict=True):
        models = [
            f"{dial:g}={_MODEL.value}?style={style}&depth={dial}"
            for dial in DIALS
        ]
        # At stroke 0.5, the middle of a range of 3.
        size = round(style_material.SIZES[style] * 3**0.5)
        context = Context(
            objective, perceptual, read_painting(painting, size), judges
        )
        table = measure(
            photos,
            [each for each in load_stylizers(models) if not each.is_control],
            find_evaluators(context),
            224,
        )
        tables.write_csv(output / f"{style}.csv", table)
        rows += _ratios(style, table)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files.write_text(output / "dial.csv", text.getvalue())
    _draw(rows, output / "dial.png")


def _ratios(style: str, table: Any) -> list[dict]:
    from fast_depth_style.evaluation import statistics

    rows = []
    for metric in _METRICS:
        values = table.values[metric]
        for row, dial in enumerate(DIALS):
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

    figure = matplotlib.figure.Figure(figsize=(12, 5.5), layout="constrained")
    panels = figure.subplots(2, 4, sharex=True, sharey=True).flat
    for panel, style in zip(panels, STYLES, strict=False):
        for metric, label in _DRAWN.items():
            of = [
                r for r in rows if (r["style"], r["metric"]) == (style, metric)
            ]
            ratio = [row["ratio"] for row in of]
            panel.errorbar(
                DIALS,
                ratio,
                [
                    [row["ratio"] - row["low"] for row in of],
                    [row["high"] - row["ratio"] for row in of],
                ],
                label=label,
                capsize=2,
            )
        panel.axhline(1.0, color="0.8", linewidth=1, zorder=0)
        panel.set(title=STYLES[style].split(",")[0], xlabel="depth dial")
    *_, last = figure.axes
    last.axis("off")
    last.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="center",
        fontsize="small",
    )
    figure.axes[3].tick_params(labelbottom=True)
    figure.supylabel("over depth dial 0")
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    program.run(main)
