import json

import numpy as np
import pytest

from fast_depth_style.evaluation.evaluator import Metric
from fast_depth_style.evaluation.table import Table, csv_rows, summarize


@pytest.fixture
def table():
    return Table(
        "photos",
        ["first", "second"],
        ["a.jpg", "b.jpg", "c.jpg"],
        [Metric("depth.j.raw", "Depth"), Metric("ssim", "SSIM", "higher")],
        {
            "depth.j.raw": np.array([[1.0, 2.0, np.nan], [0.5, 1.0, 4.0]]),
            "ssim": np.array([[0.5, 0.5, 0.5], [0.7, 0.8, 0.9]]),
        },
        [("d.jpg", "not a picture")],
    )


def test_summary(table):
    found = summarize([table])["photos"]
    assert (found["photos"], found["reference"]) == (3, "first")
    assert found["skipped"] == [{"file": "d.jpg", "reason": "not a picture"}]
    second = found["metrics"]["depth.j.raw"]["models"]["second"]
    assert second["mean"]["value"] == pytest.approx(5.5 / 3)
    assert second["mean"]["count"] == 3
    # Photo c has no value for the first model: it is in no comparison.
    assert second["ratio"]["value"] == pytest.approx(0.5)
    assert second["ratio"]["count"] == 2
    assert second["difference"]["value"] == pytest.approx(-0.75)
    assert found["metrics"]["ssim"]["better"] == "higher"


def test_summary_is_strict_json(table):
    table.values["ssim"][:] = np.nan
    text = json.dumps(summarize([table]), allow_nan=False)
    models = json.loads(text)["photos"]["metrics"]["ssim"]["models"]
    assert models["first"]["mean"]["value"] is None


def test_csv_rows(table):
    header, *rows = csv_rows(table)
    assert header == ["photo", "model", "depth.j.raw", "ssim"]
    assert rows[0] == ["a.jpg", "first", 1.0, 0.5]
    assert rows[4] == ["c.jpg", "first", "", 0.5]
    assert len(rows) == 6
