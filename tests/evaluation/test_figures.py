import base64
import io

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.evaluation import figures
from fast_depth_style.evaluation.evaluator import Metric
from fast_depth_style.evaluation.examples import DepthMaps, Example
from fast_depth_style.evaluation.table import Table


@pytest.fixture
def table():
    generator = np.random.default_rng(0)
    metrics = [
        Metric("style.balanced", "Style", headline=True),
        Metric("depth.a.aligned", "Depth (a)", headline=True),
        Metric("depth.b.aligned", "Depth (b)"),
    ]
    values = {m.name: generator.uniform(0, 1, (3, 20)) for m in metrics}
    values["depth.a.aligned"][1, 3] = np.nan
    return Table(
        "photos", ["one", "two", "blur"], [""] * 20, metrics, values, []
    )


def _labels(axes):
    return [text.get_text() for text in axes.texts]


def test_trade_off(table):
    figure = figures.trade_off(table, ["blur"])
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "Depth (a)",
        "Depth (b)",
    ]
    axes = figure.axes[0]
    assert _labels(axes) == ["one", "two", "blur"]
    # The curve joins the two models and leaves the control out.
    (path,) = [line for line in axes.lines if len(line.get_xdata()) == 2]
    np.testing.assert_allclose(
        path.get_xdata(), table.values["style.balanced"][:2].mean(axis=1)
    )
    np.testing.assert_allclose(
        path.get_ydata(),
        np.nanmean(table.values["depth.a.aligned"][:2], axis=1),
    )


def test_distributions(table):
    figure = figures.distributions(table)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [
        "Style\n(lower is better)",
        "Depth (a)\n(lower is better)",
    ]


@pytest.fixture
def shown():
    generator = np.random.default_rng(0)
    maps = generator.uniform(1, 4, (3, 16, 16))
    return Example(
        set_name="photos",
        kind="worst",
        photo="a.jpg",
        labels=["one", "two"],
        pictures=generator.integers(0, 256, (3, 32, 32, 3), dtype="uint8"),
        depth=[DepthMaps("judge", "m", maps, np.abs(maps - maps[0]))],
    )


def test_maps_of_a_row_share_one_scale(shown):
    figure = figures.example(shown)
    images = [axes.images[0] for axes in figure.axes[:9]]
    depth, differences = images[3:6], images[6:9]
    low, high = shown.depth[0].maps[0].min(), shown.depth[0].maps[0].max()
    assert {i.get_clim() for i in depth} == {(low, high)}
    assert len({i.get_clim() for i in differences}) == 1
    assert differences[0].get_clim()[0] == 0
    assert {i.get_cmap().name for i in depth} == {"viridis"}
    assert {i.get_cmap().name for i in differences} == {"magma"}
    # Nine pictures and a colour bar for each of the two rows of maps.
    assert len(figure.axes) == 9 + 2


@pytest.mark.parametrize("file_format", ["png", "jpeg"])
def test_data_uri_is_a_picture(shown, file_format):
    uri = figures.to_data_uri(figures.example(shown), file_format)
    head, data = uri.split(",")
    assert head == f"data:image/{file_format};base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.format.lower() == file_format
        assert image.width > 300
