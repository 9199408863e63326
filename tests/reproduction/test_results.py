import numpy as np

from fast_depth_style.evaluation.evaluate import _write_rows
from fast_depth_style.evaluation.evaluator import Metric
from fast_depth_style.evaluation.table import Table, csv_rows
from fast_depth_style.reproduction.results import read_photos


def test_what_an_evaluation_writes_is_read_back(tmp_path):
    values = {
        "style.balanced": np.array([[0.5, 0.25, 1.0], [1.5, 2.0, 3.0]]),
        "depth.judge.raw": np.array([[1.0, np.nan, 0.1], [7.0, 8.0, np.nan]]),
    }
    metrics = [Metric(name, name) for name in values]
    table = Table(
        "photos", ["none", "depth"], ["a", "b", "c"], metrics, values, []
    )
    _write_rows(tmp_path / "photos.csv", csv_rows(table))

    found = read_photos(tmp_path / "photos.csv")

    assert found.keys() == values.keys()
    for name, rows in values.items():
        assert [*found[name]] == ["none", "depth"]
        np.testing.assert_array_equal([*found[name].values()], rows)
