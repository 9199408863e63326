import numpy as np
import pytest

from fast_depth_style.evaluation.examples import choose, find_examples
from fast_depth_style.evaluation.photo_sets import content_photos
from fast_depth_style.evaluation.stylizers import Stylizer, blur
from fast_depth_style.evaluation.table import Table


def test_choose():
    errors = np.array([np.nan, 5, 1, 9, 3, 7, 2, 8, 4, 6], float)
    assert choose(errors) == [
        ("typical", 8),
        ("typical", 1),
        ("best", 2),
        ("best", 6),
        ("worst", 7),
        ("worst", 3),
    ]


@pytest.mark.parametrize("count", range(6))
def test_choose_of_few_takes_each_once(count):
    found = [index for _, index in choose(np.arange(float(count)))]
    assert sorted(found) == list(range(count))


@pytest.mark.parametrize("is_metric", [True, False])
def test_examples_show_what_was_measured(write_photos, brightness, is_metric):
    photos = content_photos(str(write_photos(["a.png", "b.png"])))
    stylizers = [
        Stylizer("inverted", "", lambda photo, name: 255 - photo),
        Stylizer("blur", "", blur, is_control=True),
    ]
    errors = np.array([[0.1, 0.9], [0.5, 0.2]])
    names = ["a.png", "b.png"]
    table = Table(
        "photos",
        ["inverted", "blur"],
        names,
        [],
        {"depth.j.aligned": errors},
        [],
    )
    judge = brightness(is_metric=is_metric)
    examples = find_examples(table, photos, stylizers, {"j": judge}, 32)
    assert [(e.photo, e.kind) for e in examples] == [
        ("a.png", "typical"),
        ("b.png", "typical"),
    ]
    first = examples[0]
    np.testing.assert_array_equal(first.pictures[1], 255 - first.pictures[0])
    (depth,) = first.depth
    np.testing.assert_allclose(
        depth.maps, judge(first.pictures.astype("float32")), rtol=1e-5
    )
    assert np.all(depth.differences[0] < 1e-5)
    if is_metric:
        np.testing.assert_allclose(
            depth.differences[1], np.abs(depth.maps[1] - depth.maps[0])
        )
    else:
        # Inverted brightness is the same depth, up to scale and shift.
        np.testing.assert_allclose(depth.differences[1], 0, atol=1e-3)
