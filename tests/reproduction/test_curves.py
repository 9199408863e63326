import numpy as np
from PIL import Image

from fast_depth_style.reproduction.curves import draw_curves, means, save


def test_means_are_those_of_equal_stretches():
    steps, values = means([float(i) for i in range(1000)])

    assert steps[0] == 5 and steps[-1] == 1000 and len(steps) == 200
    np.testing.assert_allclose(values[:2], [2.0, 7.0])
    steps, values = means([3.0, 5.0])
    np.testing.assert_array_equal(steps, [1, 2])
    np.testing.assert_array_equal(values, [3.0, 5.0])


def test_every_term_has_a_panel_with_the_runs_that_have_it(tmp_path):
    none = [{"style": 1.0, "content": 2.0, "tv": 3.0}] * 3
    depth = [row | {"depth": 0.5} for row in none]

    figure = draw_curves({"none": none, "depth": depth})

    lines = {
        axes.get_title(): [line.get_label() for line in axes.lines]
        for axes in figure.axes
    }
    assert lines == {
        "content": ["none", "depth"],
        "style": ["none", "depth"],
        "tv": ["none", "depth"],
        "depth": ["depth"],
    }
    colours = {
        line.get_color()
        for axes in figure.axes
        for line in axes.lines
        if line.get_label() == "depth"
    }
    assert len(colours) == 1
    save(figure, tmp_path / "curves.png")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 1000
