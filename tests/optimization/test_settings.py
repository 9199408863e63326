import dataclasses
import functools
import json
import pathlib

import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.optimization.settings import (
    OptimizationSettings,
    ReconstructionSettings,
)

_PICTURE = OptimizationSettings
_SHEET = functools.partial(ReconstructionSettings, "a.jpg")


@pytest.mark.parametrize(
    "cls, changes, says",
    [
        (ReconstructionSettings, {}, "give a --picture, a --style or both"),
        (_SHEET, {"layers": ()}, "--layers= names no layer"),
        (
            _SHEET,
            {"style": "b.jpg", "style_layers": ()},
            "--style_layers= names",
        ),
        (_PICTURE, {"size": 8}, "--size=8: must be at least 32"),
        (
            _PICTURE,
            {"size": 63, "style_scales": 3},
            "--style_scales=3: pictures of less",
        ),
        (
            _PICTURE,
            {"learning_rate": 0.0},
            "--learning_rate=0.0: must be more than 0",
        ),
        (
            _PICTURE,
            {"optimizer": "sgd"},
            "--optimizer=sgd: choose lbfgs or adam",
        ),
        (_PICTURE, {"style_layers": ()}, "names no layer"),
        (_PICTURE, {"style_weight": 0.0, "content_weight": 0.0}, "both 0"),
        (
            _PICTURE,
            {"style": ("a.jpg:-1",)},
            "a painting's weight is more than 0",
        ),
        (
            _PICTURE,
            {"style": ("a.jpg", "b.jpg"), "content_masks": ("m.png",)},
            "names 1 masks for 2 paintings",
        ),
    ],
)
def test_a_wrong_value_is_refused(cls, changes, says):
    with pytest.raises(RequestError, match=says):
        cls(**changes)


@pytest.mark.parametrize(
    "style, paintings",
    [
        (("a.jpg",), [("a.jpg", 1.0)]),
        (("a.jpg:3", "b.jpg"), [("a.jpg", 3.0), ("b.jpg", 1.0)]),
        ((r"C:\a.jpg", "b.jpg:1"), [(r"C:\a.jpg", 1.0), ("b.jpg", 1.0)]),
        (("a:b.jpg", ":2"), [("a:b.jpg", 1.0), (":2", 1.0)]),
    ],
)
def test_paintings_have_weights(style, paintings):
    assert OptimizationSettings(style=style).paintings() == paintings


def test_input_files_are_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = OptimizationSettings(
        content="a.jpg", style=("~/b.jpg:2",), content_masks=("m.png",)
    )

    assert settings.input_files() == {
        "content": [tmp_path / "a.jpg"],
        "style": [pathlib.Path.home() / "b.jpg"],
        "content_masks": [tmp_path / "m.png"],
    }


def test_json_has_every_setting_and_the_layers_of_the_network():
    settings = OptimizationSettings(
        style=("a.jpg:2",), perceptual_network="resnet50"
    )

    stored = json.loads(json.dumps(settings.to_json()))

    assert stored == settings.to_json()
    assert set(stored) == {f.name for f in dataclasses.fields(settings)}
    assert stored["style_layers"][0] == "conv1_relu"
    assert stored["content_layer"] == "conv2_block3_out"


def test_each_reconstruction_has_one_term():
    settings = ReconstructionSettings(
        picture="a.jpg",
        style="b.jpg",
        layers=("relu1_2", "relu2_2"),
        style_layers=("relu1_1", "relu2_1"),
    )

    found = settings.reconstructions()

    assert {
        name: (each.content, {*each.weights()}, each.style_layers)
        for name, each in found.items()
    } == {
        "content_relu1_2": ("a.jpg", {"content", "range"}, ("relu1_2",)),
        "content_relu2_2": ("a.jpg", {"content", "range"}, ("relu2_2",)),
        "style_to_relu1_1": ("b.jpg", {"style", "range"}, ("relu1_1",)),
        "style_to_relu2_1": (
            "b.jpg",
            {"style", "range"},
            ("relu1_1", "relu2_1"),
        ),
    }
    assert found["content_relu2_2"].content_layer == "relu2_2"
    assert {each.init for each in found.values()} == {"noise"}


def test_the_figure_of_gatys_is_the_default():
    settings = ReconstructionSettings(picture="a.jpg", style="b.jpg")
    assert [*settings.reconstructions()] == [
        *(f"content_relu{n}_2" for n in range(1, 6)),
        *(f"style_to_relu{n}_1" for n in range(1, 6)),
    ]

    only_style = ReconstructionSettings(
        style="b.jpg", perceptual_network="squeezenet:a.h5"
    )
    assert [*only_style.reconstructions()][0] == "style_to_conv1"
