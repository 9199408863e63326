import dataclasses
import json
import pathlib

import numpy as np

from fast_depth_style.evaluation.evaluate import _write_rows
from fast_depth_style.evaluation.evaluator import Metric
from fast_depth_style.evaluation.table import Table, csv_rows
from fast_depth_style.reproduction.page import write_page
from fast_depth_style.reproduction.plan import read_plan

_PLAN = pathlib.Path(__file__).parents[2] / "docs" / "reproduction.json"


def test_the_page_says_what_the_evaluation_found(tmp_path):
    plan = read_plan(_PLAN, "/material")
    judged = dataclasses.replace(plan.evaluation, rgbd="/material/rooms")
    plan = dataclasses.replace(plan, evaluation=judged)
    for group in plan.groups:
        labels = [*group.runs, "identity", "blur"]
        count = len(labels)
        # The reference errs by 2, each run by 1; only the last has its style.
        style = np.full((count, 5), 0.2)
        style[0] = style[len(group.runs) - 1] = 0.1
        depth = np.full((count, 5), 1.0)
        depth[0] = 2.0
        values = {"style.balanced": style, "content.ssim": style}
        for judge in ("fast_depth", "compact"):
            for kind in ("squared", "aligned"):
                values[f"depth.{judge}.{kind}"] = depth
        table = Table(
            "photos",
            labels,
            [*"abcde"],
            [Metric(name, name) for name in values],
            values,
            [],
        )
        folder = tmp_path / "evaluations" / group.name
        folder.mkdir(parents=True)
        _write_rows(folder / "photos.csv", csv_rows(table))
        for judge in ("fast_depth", "compact"):
            for i, kind in enumerate(("rmse", "delta1", "spearman")):
                values[f"measured.{judge}.{kind}"] = depth / 4 + i
        metrics = [Metric(name, name) for name in values]
        table = dataclasses.replace(table, metrics=metrics, values=values)
        _write_rows(folder / "rooms.csv", csv_rows(table))
        for label in group.runs:
            run = tmp_path / "runs" / group.name / label
            run.mkdir(parents=True)
            (run / "losses.csv").write_text(
                "step,loss,style,content,tv,depth\n1,9,4,3,2,1\n"
            )

    write_page(plan, tmp_path, tmp_path / "page")

    text = (tmp_path / "page" / "README.md").read_text()
    assert (
        "1200 steps of 1 photo at 256 pixels, after 1200 steps of 1 photo at"
        " 192 pixels without depth; judged on 5 photos" in text
    )
    assert "| none | – | 0.1 | 1 | 0.1 |" in text
    assert "| depth_12 | 12 | 0.2 | 2 | 0.2 | 0.50 [0.50, 0.50]" in text
    assert (
        "- compact.squared: **0.50 [0.50, 0.50]** of the depth error (style ×"
        " 1; depth_20)." in text
    )
    assert "| none | 0.5 | 1.5 | 2.5 |" in text
    assert "| photo | 0.25 | 1.25 | 2.25 |" in text
    assert (tmp_path / "page" / "curves_udnie.png").exists()
    numbers = json.loads((tmp_path / "page" / "numbers.json").read_text())
    matched = numbers["udnie"]["matched"]["fast_depth.aligned"]
    assert matched["ratio"] == [0.5, 0.5, 0.5]
    assert matched["between"] == ["depth"]
