import dataclasses
import json
import math

import pytest

from fast_depth_style.requests import RequestError
from fast_depth_style.training.settings import PRESETS, Settings, preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_and_may_be_changed(name):
    settings = preset(name, style="a.jpg", steps=7, seed=None)

    assert (settings.style, settings.steps, settings.seed) == ("a.jpg", 7, 0)


def test_stanford_has_the_numbers_of_the_report():
    settings = preset("stanford")

    assert settings.content_weight == 7.5
    assert settings.style_weight == 100
    assert settings.tv_weight == settings.depth_weight == 200
    assert settings.content_layer == "relu4_2"
    assert settings.style_layers[-1] == "relu5_1"
    assert (settings.learning_rate, settings.batch_size) == (1e-3, 4)
    assert (settings.image_size, settings.steps) == (256, 40000)


@pytest.mark.parametrize(
    "name, value",
    [
        ("style_weight", -1.0),
        ("depth_weight", math.nan),
        ("tv_weight", math.inf),
        ("steps", 0),
        ("batch_size", 0),
        ("image_size", 63),
        ("seed", -1),
        ("learning_rate", 0.0),
        ("learning_rate", math.nan),
        ("width", -0.5),
    ],
)
def test_a_value_out_of_range_is_refused_by_the_name_of_its_flag(name, value):
    with pytest.raises(RequestError, match=f"--{name}={value}"):
        Settings(**{name: value})


def test_depth_waits_only_where_there_is_no_style_yet():
    assert Settings().depth_from == 0.2
    assert Settings(initial_model="runs/first").depth_from == 0
    chosen = Settings(initial_model="runs/first", depth_from=0.5)
    assert chosen.depth_from == 0.5


def test_scales_that_show_nothing_are_refused():
    assert Settings(image_size=64, style_scales=3).style_scales == 3

    with pytest.raises(RequestError, match="--style_scales=4: pictures of 8"):
        Settings(image_size=64, style_scales=4)


def test_an_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(RequestError, match=", ".join(PRESETS)):
        preset("bold")


def test_settings_survive_json():
    settings = preset("stanford", style="a.jpg", mixed_precision=True)

    assert Settings.from_json(json.loads(json.dumps(settings.to_json()))) == (
        settings
    )


def test_layers_are_the_networks_own_where_none_are_given():
    own = preset("balanced", perceptual_network="squeezenet:a.h5")
    given = preset(
        "balanced", perceptual_network="squeezenet:a.h5", content_layer="fire4"
    )

    assert own.style_layers[0] == "conv1" and own.content_layer == "fire2"
    assert given.style_layers == own.style_layers
    assert given.content_layer == "fire4"
    assert Settings().content_layer == "relu3_1"


def test_differences_are_named_with_both_values():
    settings = Settings(style="a.jpg")
    other = dataclasses.replace(settings, style="b.jpg", seed=3)

    assert settings.differences(other) == {
        "style": ("a.jpg", "b.jpg"),
        "seed": (0, 3),
    }


def test_no_style_layer_is_a_wrong_request():
    with pytest.raises(RequestError, match="style_layers"):
        preset("balanced", style_layers=())


def test_without_style_content_and_teacher_there_is_nothing_to_learn():
    nothing = {"style_weight": 0.0, "content_weight": 0.0}

    with pytest.raises(RequestError, match="give a --teacher"):
        preset("mobile", **nothing)
    assert preset("mobile", **nothing, teacher="model").teacher == "model"


def test_maps_of_several_depth_networks_are_not_compared():
    several = {"depth_network": "compact,fast_depth:file.npz"}

    preset("balanced", **several)
    with pytest.raises(RequestError, match="name one network"):
        preset("stanford", **several)
