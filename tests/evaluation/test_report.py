import html.parser

import numpy as np
import pytest

from fast_depth_style.evaluation.evaluator import Metric
from fast_depth_style.evaluation.report import render
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.evaluation.table import Table


class _Page(html.parser.HTMLParser):
    """Checks that tags match; collects rows and sources."""

    EMPTY = ("meta", "img")

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.sources = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.sources += [
            attributes[key] for key in ("src", "href") if key in attributes
        ]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


@pytest.fixture
def page():
    table = Table(
        "photos",
        ["<plain>", "deep", "identity"],
        ["a.jpg", "b.jpg"],
        [
            Metric("style.balanced", "Style", headline=True),
            Metric("depth.j.aligned", "Depth", headline=True),
            Metric("content.ssim", "SSIM", "higher", headline=True),
            Metric("depth.j.rmse", "RMSE"),
        ],
        {
            "style.balanced": np.array([[0.2, 0.2], [0.3, 0.3], [1, 1]]),
            "depth.j.aligned": np.array([[0.8, 0.8], [0.4, 0.4], [0, 0]]),
            "content.ssim": np.array([[0.5, 0.5], [0.75, 0.75], [1, 1]]),
            "depth.j.rmse": np.full((3, 2), np.nan),
        },
        [("c&d.jpg", "damaged")],
    )
    settings = EvaluationSettings(("a", "b"), "wave.jpg", ("compact",), "out")
    return render([table], settings, [], ["identity"])


def test_page_is_well_formed_and_self_contained(page):
    sources = _Page(page).sources
    assert len(sources) == 2
    assert all(source.startswith("data:image/") for source in sources)
    assert "<plain>" not in page and "&lt;plain&gt;" in page
    assert "c&amp;d.jpg" in page


def test_first_table(page):
    head, plain, deep, identity = _Page(page).rows[:4]
    assert head == ["Model", "Style ↓", "Depth ↓", "SSIM ↑"]
    assert plain == [
        "<plain>",
        "0.2 [0.2, 0.2]",
        "0.8 [0.8, 0.8]",
        "0.5 [0.5, 0.5]",
    ]
    # Ratios where less is better, differences where more is.
    assert deep[2] == "0.4 [0.4, 0.4]× 0.5 [0.5, 0.5]"
    assert deep[3] == "0.75 [0.75, 0.75]Δ 0.25 [0.25, 0.25]"
    assert identity[0] == "identity"
    assert '<tr class="control"><th scope="row">identity' in page


def test_value_without_meaning_is_a_dash(page):
    rows = [row for row in _Page(page).rows if row and row[0] == "RMSE"]
    assert [row[2:] for row in rows] == [["–", "–", "–", "0"]] * 3
