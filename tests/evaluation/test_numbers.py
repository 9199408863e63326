"""Statistics, tables and the report of made-up values."""

import html.parser
import json

import numpy as np
import pytest
from tiny_material import Brightness

from fast_depth_style.evaluation import statistics
from fast_depth_style.evaluation.evaluator import Metric
from fast_depth_style.evaluation.judges import Judge
from fast_depth_style.evaluation.report import render, trade_off
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.evaluation.table import Table, compare, summarize


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(3, 2, 400)


def test_interval_of_a_mean(values):
    found = statistics.mean(values)
    # The normal approximation holds for 400 values.
    half = 1.96 * values.std() / np.sqrt(values.size)
    assert (found.value, found.count) == (pytest.approx(values.mean()), 400)
    assert found.low == pytest.approx(values.mean() - half, abs=0.03)
    assert found.high == pytest.approx(values.mean() + half, abs=0.03)
    assert statistics.mean(values.copy()) == found


def test_comparisons_are_paired_and_of_means(values):
    # A hard photo is hard for both: unpaired, the interval would be 0.4 wide.
    found = statistics.difference(values + 0.5, values)
    assert (found.low, found.value, found.high) == pytest.approx((0.5,) * 3)
    reference = np.array([1.0, 2.0, 9.0])
    found = statistics.ratio(np.array([2.0, 2.0, 2.0]), reference)
    assert found.value == pytest.approx(0.5)
    assert (found.low, found.high) == pytest.approx((2 / 9, 2))
    halved = statistics.ratio(reference / 2, reference)
    assert (halved.low, halved.high) == pytest.approx((0.5, 0.5))


def test_interval_of_a_ratio_against_resampling_by_hand(values):
    reference = np.random.default_rng(1).uniform(1, 2, values.size)
    generator, ratios = np.random.default_rng(5), []
    for _ in range(2000):
        drawn = generator.integers(values.size, size=values.size)
        ratios.append(values[drawn].mean() / reference[drawn].mean())
    found = statistics.ratio(values, reference)
    expected = np.percentile(ratios, (2.5, 97.5))
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.02)


def test_recovered_share():
    photo, reference = np.random.default_rng(0).uniform(0.8, 0.9, (2, 50))
    reference = reference - 0.4
    half = (photo + reference) / 2
    found = statistics.recovered(half, reference, photo)
    assert (found.low, found.value, found.high) == pytest.approx((0.5,) * 3)
    assert statistics.recovered(photo, reference, photo).value == 1
    assert np.isnan(statistics.recovered(half, photo, photo).value)


def test_photos_without_a_value_have_no_part():
    values = np.array([1.0, np.nan, 3.0, 4.0])
    reference = np.array([1.0, 1.0, np.nan, 2.0])
    assert statistics.mean(values).value == pytest.approx(8 / 3)
    found = statistics.difference(values, reference)
    assert (found.value, found.count) == (1.0, 2)
    assert statistics.ratio(values, reference).value == pytest.approx(5 / 3)
    one = statistics.mean(np.array([np.nan, 7.0]))
    assert one == statistics.Estimate(7, 7, 7, 1)


@pytest.mark.parametrize("reference, count", [([0.0, 0.0], 2), ([np.nan], 0)])
def test_what_has_no_value(reference, count):
    found = statistics.ratio(np.ones(len(reference)), np.array(reference))
    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.count == count


@pytest.fixture
def table():
    generator = np.random.default_rng(0)
    names = ("style.loss", "depth.a.aligned", "depth.b.aligned")
    metrics = [Metric(name, name, headline=True) for name in names]
    metrics.append(Metric("measured.a.spearman", "Rank", "higher"))
    values = {m.name: generator.uniform(0, 1, (3, 20)) for m in metrics}
    values["depth.a.aligned"][1, 3] = np.nan
    return Table(
        "photos",
        ["one", "two", "same"],
        [f"{n}.jpg" for n in range(20)],
        metrics,
        values,
        [("d.jpg", "not a picture")],
        {"same": "identity"},
    )


def test_summary(table):
    found = summarize(table, compare(table))
    assert (found["photos"], found["reference"]) == (20, "one")
    assert found["skipped"] == [{"file": "d.jpg", "reason": "not a picture"}]
    two = found["metrics"]["depth.a.aligned"]["models"]["two"]
    first, second = table.values["depth.a.aligned"][:2]
    assert two["mean"]["value"] == pytest.approx(np.nanmean(second))
    both = np.isfinite(second)  # Photo 3 is in no comparison.
    assert two["ratio"]["count"] == two["difference"]["count"] == 19
    assert two["ratio"]["value"] == pytest.approx(
        second[both].mean() / first[both].mean()
    )
    assert "recovered" not in two
    ranks = table.values["measured.a.spearman"].mean(axis=1)
    rank = found["metrics"]["measured.a.spearman"]
    assert (
        rank["better"] == "higher" and "recovered" not in rank["models"]["one"]
    )
    assert rank["models"]["two"]["recovered"]["value"] == pytest.approx(
        (ranks[1] - ranks[0]) / (ranks[2] - ranks[0])
    )
    table.values["style.loss"][:] = np.nan
    text = json.dumps(summarize(table, compare(table)), allow_nan=False)
    models = json.loads(text)["metrics"]["style.loss"]["models"]
    assert models["one"]["mean"]["value"] is None


def test_trade_off(table):
    axes, other = trade_off(table, compare(table)).axes
    assert axes.get_ylabel() == "depth.a.aligned"
    assert other.get_ylabel() == "depth.b.aligned"
    assert [text.get_text() for text in axes.texts] == table.models
    # The curve joins the two models and leaves the control out.
    (path,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
    x, y = (
        table.values[name][:2] for name in ("style.loss", "depth.a.aligned")
    )
    np.testing.assert_allclose(path.get_xdata(), x.mean(axis=1))
    np.testing.assert_allclose(path.get_ydata(), np.nanmean(y, axis=1))


class Page(html.parser.HTMLParser):
    """Checks that tags match; collects rows and sources."""

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.sources = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.sources += [v for k, v in attrs if k in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


@pytest.fixture
def page():
    values = {
        "measured.j.spearman": [[0.4, 0.4], [0.7, 0.7], [0.8, 0.8]],
        "depth.j.aligned": [[0.8, 0.8], [0.4, 0.4], [0, 0]],
        "style.loss": [[0.2, 0.2], [0.3, 0.3], [1, 1]],
        "strokes.even": [[2, 2], [1, 1], [np.nan, np.nan]],
    }
    higher = ("measured.j.spearman", "strokes.even")
    table = Table(
        "rooms",
        ["<plain>", "deep", "identity"],
        ["a.jpg", "b.jpg"],
        [
            Metric(name, name, "higher" if name in higher else "lower", True)
            for name in values
        ],
        {name: np.array(rows, float) for name, rows in values.items()},
        [("c&d.jpg", "damaged")],
        {"identity": "identity"},
        {"e<f.jpg": np.zeros((4, 32, 32, 3), "uint8")},
    )
    settings = EvaluationSettings(("a", "b"), "wave.jpg", ("compact",), "out")
    judge = Judge("j", "compact", Brightness(), "related")
    return render([(table, compare(table))], settings, [judge])


def test_page_is_well_formed_and_self_contained(page):
    kinds = [source.partition(";")[0] for source in Page(page).sources]
    assert kinds == ["data:image/png"] + 4 * 2 * ["data:image/jpeg"]
    assert "<plain>" not in page and "&lt;plain&gt;" in page
    assert "c&amp;d.jpg" in page and "e&lt;f.jpg" in page
    assert "j, related" in page and "--teachers" in page


def test_first_table_has_style_beside_depth(page):
    head, plain, deep, identity = Page(page).rows[:4]
    assert head == [
        "Model",
        "style.loss ↓",
        "strokes.even ↑",
        "measured.j.spearman ↑",
        "depth.j.aligned ↓",
    ]
    assert plain[:2] == ["<plain>", "0.2 [0.2, 0.2]× 1 [1, 1]"]
    assert deep[2] == "1 [1, 1]× 0.5 [0.5, 0.5]"
    assert deep[3].endswith("recovered: 0.75 [0.75, 0.75]")
    assert deep[4] == "0.4 [0.4, 0.4]× 0.5 [0.5, 0.5]"
    assert identity[2] == "–× –"
    assert '<tr class="control"><th scope="row">identity' in page
