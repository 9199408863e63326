import dataclasses
import json

import pytest

from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.requests import RequestError


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"style_weight": -1.0}, "--style_weight=-1.0: a weight is 0 or more"),
        ({"iterations": 0}, "--iterations=0: must be at least 1"),
        ({"size": 8}, "--size=8: must be at least 32"),
        ({"style_scales": 0}, "--style_scales=0: must be at least 1"),
        ({"size": 63, "style_scales": 3}, "--style_scales=3: pictures of less"),
        ({"learning_rate": 0.0}, "--learning_rate=0.0: must be more than 0"),
        ({"optimizer": "sgd"}, "--optimizer=sgd: choose lbfgs or adam"),
        ({"pooling": "min"}, "--pooling=min: choose max or average"),
        ({"layers": ()}, "names no layer"),
        ({"style_weight": 0.0, "content_weight": 0.0}, "both 0"),
        ({"style": ("a.jpg:-1",)}, "a painting's weight is more than 0"),
        ({"style": ("a.jpg:nan",)}, "a painting's weight is more than 0"),
        (
            {"style": ("a.jpg", "b.jpg"), "content_masks": ("m.png",)},
            "names 1 masks for 2 paintings",
        ),
    ],
)
def test_a_wrong_value_is_one_line(changes, says):
    with pytest.raises(RequestError, match=says.replace("(", r"\(")):
        OptimizationSettings(**changes)


@pytest.mark.parametrize(
    "style, paintings",
    [
        (("a.jpg",), [("a.jpg", 1.0)]),
        (("a.jpg:3", "b.jpg"), [("a.jpg", 0.75), ("b.jpg", 0.25)]),
        ((r"C:\a.jpg", "b.jpg:1"), [(r"C:\a.jpg", 0.5), ("b.jpg", 0.5)]),
        (("a:b.jpg",), [("a:b.jpg", 1.0)]),
    ],
)
def test_paintings_have_weights_that_add_up_to_one(style, paintings):
    assert OptimizationSettings(style=style).paintings() == paintings


def test_terms_that_do_not_count_are_left_out():
    settings = OptimizationSettings(depth_network="none", tv_weight=0.0)

    assert [*settings.term_weights()] == ["style", "content", "range"]


def test_layers_are_the_networks_own_where_none_are_given():
    settings = OptimizationSettings(perceptual_network="resnet50")

    assert settings.layers[0] == "conv1_relu"
    assert settings.content_layer == "conv2_block3_out"


def test_json_can_be_read_back():
    settings = OptimizationSettings(style=("a.jpg:2",))

    stored = json.loads(json.dumps(settings.to_json()))

    assert stored == settings.to_json()
    assert set(stored) == {f.name for f in dataclasses.fields(settings)}
