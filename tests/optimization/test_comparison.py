import csv
import dataclasses

import pytest

from fast_depth_style.images.files import read_rgb
from fast_depth_style.optimization.comparison import compare_depth
from fast_depth_style.requests import RequestError


@pytest.mark.slow
def test_both_pictures_are_made_and_measured(small, tmp_path):
    settings = dataclasses.replace(
        small,
        depth_network="compact",
        depth_weight=30.0,
        layers=("relu1_1",),
        content_layer="relu1_1",
        iterations=3,
        strip_at=(1,),
    )

    rows = compare_depth(settings, ["compact"], tmp_path / "both.png")

    assert [(row["arm"], row["iteration"]) for row in rows] == [
        ("with_depth", 1),
        ("with_depth", 3),
        ("without_depth", 1),
        ("without_depth", 3),
    ]
    # By the very network that the term used: no more than a check of signs.
    assert rows[1]["depth_compact"] < rows[3]["depth_compact"]
    assert rows[3]["style"] < rows[2]["style"]
    with (tmp_path / "both.csv").open() as file:
        assert len([*csv.DictReader(file)]) == 4
    assert read_rgb(tmp_path / "both.png").shape == (52, 104, 3)
    for name in ("both_with_depth.png", "both_without_depth.png"):
        assert read_rgb(tmp_path / name).shape == (24, 32, 3)
    assert (tmp_path / "both_curves.png").is_file()


def test_without_a_depth_term_there_is_nothing_to_compare(small, tmp_path):
    with pytest.raises(RequestError, match="nothing to compare"):
        compare_depth(small, ["compact"], tmp_path / "both.png")

    assert not [*tmp_path.iterdir()]
