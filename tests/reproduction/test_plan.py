import json
import pathlib

import pytest

from fast_depth_style.reproduction.plan import read_plan
from fast_depth_style.requests import RequestError

_DOCS = pathlib.Path(__file__).parents[2] / "docs"
_SHIPPED = _DOCS / "reproduction.json"


def _write(tmp_path, change=lambda plan: None):
    plan = json.loads(_SHIPPED.read_text())
    change(plan)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    return path


def test_the_shipped_plan_is_what_the_reproduction_asks_for():
    plan = read_plan(_SHIPPED, "/material")

    *paintings, sweep = plan.groups
    assert len({group.runs["none"].style for group in paintings}) >= 3
    for group in plan.groups:
        first, *others = group.runs.values()
        assert first.depth_network == "none"
        for settings in group.runs.values():
            for field in ("seed", "style", "steps", "image_size"):
                assert getattr(settings, field) == getattr(first, field)
        assert all(o.depth_network != "none" for o in others)
        start = plan.starts[first.initial_model]
        assert (start.style, start.depth_network) == (first.style, "none")
        assert {s.initial_model for s in others} == {first.initial_model}
        assert all(s.depth_from == 0 for s in others)
    weights = {s.depth_weight for s in sweep.runs.values()}
    assert len(weights) >= 5
    judges = {j.partition(":")[0] for j in plan.evaluation.depth_network}
    trained = {
        s.depth_network.partition(":")[0]
        for group in plan.groups
        for s in group.runs.values()
    }
    assert plan.unseen_judge in judges - trained
    assert plan.evaluation.photos >= 100


def test_the_plan_of_the_shipped_styles_is_the_full_schedule(assets):
    plan = read_plan(_DOCS / "shipped_styles.json", assets)

    assert len(plan.groups) == 7
    for group in plan.groups:
        assert list(group.runs) == ["none", "depth"]
        for settings in group.runs.values():
            assert pathlib.Path(settings.style).is_file()
            assert pathlib.Path(settings.content).is_dir()
            assert settings.steps == 40000
            assert (settings.batch_size, settings.image_size) == (4, 256)
            assert settings.style_scales == 3
        depth = group.runs["depth"].depth_network
        assert pathlib.Path(depth.partition(":")[2]).is_file()


def test_files_lie_below_the_material_and_changes_hold_for_every_run():
    plan = read_plan(_SHIPPED, "/m", steps=7, image_size=None, batch_size=2)

    depth = plan.groups[0].runs["depth"]
    assert depth.style == "/m/paintings/starry_night.jpg"
    assert depth.content == "/m/photos/diverse"
    assert depth.depth_network.startswith("fast_depth:/m/weights/")
    assert plan.evaluation.depth_network[1] == "compact"
    assert plan.evaluation.content == "/m/photos/bsds500/test"
    for group in plan.groups:
        for settings in group.runs.values():
            assert (settings.steps, settings.batch_size) == (7, 2)
            assert settings.image_size == 256
    assert plan.starts["udnie"].style == "/m/paintings/udnie.jpg"
    assert plan.starts["udnie"].steps == 1200


def test_files_of_several_depth_networks_lie_below_the_material(tmp_path):
    def change(plan):
        plan["settings"]["depth_network"] = "fast_depth:w.npz,compact"

    plan = read_plan(_write(tmp_path, change), "/m")

    depth = plan.groups[0].runs["depth"]
    assert depth.depth_network == "fast_depth:/m/w.npz,compact"


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda p: p.pop("groups"), "is no plan: 'groups'"),
        (lambda p: p["settings"].update(colour=1), "colour"),
        (lambda p: p["settings"].update(steps=0), "--steps=0"),
        (
            lambda p: p["groups"]["udnie"]["runs"].pop("none"),
            "the first run of udnie must be the one without depth",
        ),
        (lambda p: p["groups"]["udnie"]["runs"].clear(), "first run of udnie"),
        (
            lambda p: p["starts"].pop("udnie"),
            "the start of udnie, 'udnie', is none of its starts",
        ),
    ],
)
def test_a_wrong_plan_is_refused_in_one_line(tmp_path, change, says):
    with pytest.raises(RequestError) as refused:
        read_plan(_write(tmp_path, change), tmp_path)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_plan_is_refused(tmp_path):
    with pytest.raises(RequestError, match="cannot be read"):
        read_plan(tmp_path / "plan.json", tmp_path)
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(RequestError, match="is no JSON"):
        read_plan(tmp_path / "plan.json", tmp_path)
