import pytest

from fast_depth_style.optimization.reconstruction_settings import (
    ReconstructionSettings,
)
from fast_depth_style.requests import RequestError


def test_each_reconstruction_has_one_term():
    settings = ReconstructionSettings(
        picture="a.jpg",
        style="b.jpg",
        layers=("relu1_2", "relu2_2"),
        style_layers=("relu1_1", "relu2_1"),
    )

    found = settings.reconstructions()

    assert {
        name: (each.content, [*each.term_weights()], each.layers)
        for name, each in found.items()
    } == {
        "content_relu1_2": ("a.jpg", ["content", "range"], ("relu1_2",)),
        "content_relu2_2": ("a.jpg", ["content", "range"], ("relu2_2",)),
        "style_to_relu1_1": ("b.jpg", ["style", "range"], ("relu1_1",)),
        "style_to_relu2_1": (
            "b.jpg",
            ["style", "range"],
            ("relu1_1", "relu2_1"),
        ),
    }
    assert found["content_relu2_2"].content_layer == "relu2_2"
    assert {each.init for each in found.values()} == {"noise"}


def test_the_figure_of_gatys_is_the_default():
    settings = ReconstructionSettings(picture="a.jpg", style="b.jpg")

    assert settings.layers == tuple(f"relu{n}_2" for n in range(1, 6))
    assert settings.style_layers == tuple(f"relu{n}_1" for n in range(1, 6))


def test_one_picture_is_enough():
    settings = ReconstructionSettings(
        style="b.jpg", perceptual_network="squeezenet:a.h5"
    )

    assert [*settings.reconstructions()][0] == "style_to_conv1"


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"picture": ""}, "give a --picture, a --style or both"),
        ({"layers": ()}, "--layers= names no layer"),
        ({"style": "b.jpg", "style_layers": ()}, "--style_layers= names no la"),
        ({"iterations": 0}, "--iterations=0: must be at least 1"),
        ({"size": 8}, "--size=8: must be at least 32"),
        ({"pooling": "min"}, "--pooling=min: choose max or average"),
    ],
)
def test_a_wrong_value_is_one_line(changes, says):
    with pytest.raises(RequestError, match=says):
        ReconstructionSettings(**{"picture": "a.jpg", **changes})
