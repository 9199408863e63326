"""Settings classes: ranges, JSON, flags, presets."""

import dataclasses
import json
import math

import pytest
from programs import flags_of

from fast_depth_style import settings as fields
from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.optimization.settings import (
    OptimizationSettings,
    ReconstructionSettings,
)
from fast_depth_style.settings import setting, settings_class
from fast_depth_style.training.settings import (
    PRESETS,
    USUAL_PRESET,
    TrainingSettings,
    preset,
    read_settings,
)


@settings_class
class _Settings:
    """A fence."""

    colour: str = setting("red", "What colour.", choices=("red", "blue"))
    coats: int = setting(2, "How many coats.", least=1, most=9)
    width: float = setting(1.5, "How wide, in metres.", above=0)
    nails: int = setting(40, "How many nails.", least=0)
    posts: tuple[int, ...] | None = setting(None, "Where they are.", least=0)

    def __post_init__(self):
        fields.check(self)


@pytest.mark.parametrize(
    "name, value, says",
    [
        ("colour", "green", "--colour=green: choose red or blue"),
        ("coats", 0, "--coats=0: must be at least 1"),
        ("coats", 10, "--coats=10: must be at most 9"),
        ("width", 0.0, "--width=0.0: must be more than 0"),
        ("width", math.nan, "--width=nan: give a finite number"),
        ("width", math.inf, "--width=inf: give a finite number"),
        ("width", 1e39, "--width=1e+39: must be at most 3.4e+38"),
        ("nails", 2**31, "--nails=2147483648: must be at most 2147483647"),
        ("nails", 2.5, "--nails=2.5: give a whole number"),
        ("posts", (0, 3, -1), "--posts=-1: must be at least 0"),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_flag(name, value, says):
    with pytest.raises(RequestError) as refused:
        _Settings(**{name: value})

    assert str(refused.value) == says


@pytest.mark.parametrize(
    "cls, usual",
    [
        (TrainingSettings, {}),
        (EvaluationSettings, {}),
        (OptimizationSettings, {}),
        (ReconstructionSettings, {"picture": "a.jpg"}),
    ],
)
def test_no_number_is_taken_that_a_library_cannot_hold(cls, usual):
    odd = {int: [2**31, 10**400, -(10**400)], float: [1e39, -1e39, math.nan]}
    for field in dataclasses.fields(cls):
        kind, many = fields.value_type(cls, field.name)
        for value in odd.get(kind, ()):
            given = {field.name: (value,) if many else value}
            with pytest.raises(RequestError, match=f"^--{field.name}="):
                cls(**usual | given)


def test_the_docstring_lists_every_field():
    assert "coats: How many coats. (default: 2)" in _Settings.__doc__


@pytest.mark.parametrize("posts", [None, (1, 5)])
def test_settings_survive_json(posts):
    settings = _Settings("blue", posts=posts)

    text = json.dumps(fields.to_json(settings))

    assert fields.from_json(_Settings, json.loads(text)) == settings
    with pytest.raises(TypeError, match="height"):
        fields.from_json(_Settings, {"height": 3})


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_and_may_be_changed(name):
    settings = preset(name, style="a.jpg", steps=7, seed=None)

    assert settings.style == ("a.jpg",)
    assert (settings.steps, settings.seed) == (7, 0)
    assert read_settings(json.loads(json.dumps(settings.to_json()))) == (
        dataclasses.replace(
            settings,
            style_layers=settings.resolved_style_layers(),
            content_layer=settings.resolved_content_layer(),
            depth_from=settings.resolved_depth_from(),
        )
    )


def test_only_the_usual_preset_begins_with_the_shipped_network():
    starts = {name: preset(name).initial_model for name in PRESETS}

    assert starts == dict.fromkeys(PRESETS, "") | {USUAL_PRESET: "shipped"}


def test_stanford_has_the_numbers_of_the_report():
    settings = preset("stanford")

    assert settings.weights() == {
        "content": 7.5,
        "style": 100,
        "depth": 200,
        "tv": 200,
        "range": 1,
        "distillation": 10,
    }
    assert settings.content_layer == "relu4_2"
    assert settings.style_layers[-1] == "relu5_1"
    assert (settings.learning_rate, settings.batch_size) == (1e-3, 4)
    assert (settings.image_size, settings.steps) == (256, 40000)


@pytest.mark.parametrize(
    "paths, names",
    [
        (("a/The Scream.jpg",), ("the_scream",)),
        (("wave.jpg", "b/udnie.png"), ("wave", "udnie")),
        (("a,b.jpg", "é:1.jpg"), ("a_b", "é_1")),
        (("..jpg",), ("style",)),
    ],
)
def test_styles_are_named_by_their_files(paths, names):
    assert preset("balanced", style=paths).style_names() == names


def test_two_paintings_of_one_name_are_refused():
    settings = preset("balanced", style=("a/wave.jpg", "b/Wave.png"))
    with pytest.raises(RequestError, match="two paintings 'wave'"):
        settings.style_names()


def test_derived_defaults_follow_what_they_derive_from():
    settings = preset("balanced")
    squeezed = dataclasses.replace(
        settings, perceptual_network="squeezenet:a.h5"
    )

    assert settings.resolved_content_layer() == "relu3_1"
    assert squeezed.resolved_content_layer() == "fire2"
    assert squeezed.resolved_style_layers()[0] == "conv1"
    assert settings.resolved_depth_from() == 0.2
    started = dataclasses.replace(settings, initial_model="runs/first")
    assert started.resolved_depth_from() == 0


@pytest.mark.parametrize(
    "name, changes, says",
    [
        ("balanced", {"image_size": 64, "style_scales": 4}, "pictures of 8"),
        ("balanced", {"style_layers": ()}, "names no layer"),
        ("mobile", {"style_weight": 0.0, "content_weight": 0.0}, "--teacher"),
        ("stanford", {"depth_network": "compact,compact"}, "name one network"),
        ("stanford", {"dials": True}, "give --nodials"),
        ("balanced", {"style": "a", "style_size": (256, 384)}, "2 sizes for 1"),
        ("bold", {}, ", ".join(PRESETS)),
    ],
)
def test_settings_that_do_not_go_together_are_refused(name, changes, says):
    with pytest.raises(RequestError, match=says):
        preset(name, **changes)


def test_a_term_of_weight_zero_or_without_network_does_not_count():
    assert "depth" not in preset("balanced", depth_network="none").weights()
    assert "tv" not in preset("balanced", tv_weight=0.0).weights()


@pytest.mark.parametrize(
    "verb, cls, others",
    [
        ("train", TrainingSettings, {"workdir", "preset", "jit", "strategy"}),
        ("optimize", OptimizationSettings, {"output"}),
        ("reconstruct", ReconstructionSettings, {"output"}),
        ("evaluate", EvaluationSettings, set()),
    ],
)
def test_every_setting_has_a_flag_that_shows_its_default(verb, cls, others):
    found = flags_of(verb)
    preset = PRESETS[USUAL_PRESET] if verb == "train" else {}

    for field in dataclasses.fields(cls):
        assert (field.name in found) == fields.meaning(field).flag
        if field.name in found:
            default, text = found[field.name]
            assert default is None  # So that a preset sees what was given.
            usual = preset.get(field.name, field.default)
            if usual not in ("", None, ()):
                shown = str(usual)
                if isinstance(usual, bool):
                    shown = shown.lower()
                if isinstance(usual, tuple):
                    shown = ",".join(map(str, usual))
                assert f"(default: {shown})" in text
    assert {*found} - {f.name for f in dataclasses.fields(cls)} == others
