import json
import pathlib

import pytest
import reproduce
import reproduction_plan
import reproduction_table

from fast_depth_style.errors import RequestError

_SHIPPED = pathlib.Path(__file__).parents[2] / "research" / "reproduction.json"


def _change(tmp_path, change):
    plan = json.loads(_SHIPPED.read_text())
    change(plan)
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    return tmp_path / "plan.json"


def test_the_committed_plan_compares_like_with_like():
    plan = reproduction_plan.read_plan(_SHIPPED, "/m")
    for runs in plan.groups.values():
        first, *others = runs.values()
        assert first.depth_network == "none" and others
        start = plan.starts[first.initial_model]
        assert (start.style, start.depth_network) == (first.style, "none")
        assert not first.dials and not start.dials
        for run in others:
            assert run.depth_network.startswith("fast_depth:/m/weights/")
            for field in ("seed", "style", "steps", "initial_model", "content"):
                assert getattr(run, field) == getattr(first, field)
            assert not run.dials
    weights = {s.depth_weight for s in plan.groups["sweep"].values()}
    assert len(weights) >= 5
    assert first.style == ("/m/paintings/composition_vii.jpg",)
    assert plan.evaluation.depth_network[1] == "compact"
    assert plan.evaluation.content == "/m/photos/bsds500/test"


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
        (lambda p: p["starts"].pop("udnie"), "none of its starts"),
    ],
)
def test_a_wrong_plan_is_one_line(tmp_path, change, says):
    with pytest.raises(RequestError) as refused:
        reproduction_plan.read_plan(_change(tmp_path, change), tmp_path)
    assert says in str(refused.value) and "\n" not in str(refused.value)


def test_no_plan_is_one_line(tmp_path):
    path = tmp_path / "plan.json"
    with pytest.raises(RequestError, match="cannot be read"):
        reproduction_plan.read_plan(path, tmp_path)
    path.write_text("{")
    with pytest.raises(RequestError, match="is no JSON"):
        reproduction_plan.read_plan(path, tmp_path)


def _estimate(value):
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def _metric(none, depth, identity):
    ratios = {"none": none, "depth": depth, "identity": identity}
    return {
        "models": {
            label: {"mean": _estimate(2 * v), "ratio": _estimate(v)}
            for label, v in ratios.items()
        }
    }


def test_the_table_is_of_ratios_and_of_what_is_regained():
    photos = {
        "style.loss": _metric(1.0, 1.25, 8.0),
        "depth.compact.squared": _metric(1.0, 0.4, 0.0),
        "content.ssim": _metric(1.0, 1.0, 1.0),
    }
    no_value = {"value": None, "low": None, "high": None}
    photos["content.ssim"]["models"]["depth"]["ratio"] = no_value
    rooms = {"measured.compact.spearman": _metric(0.25, 0.4, 0.45)}
    metrics = {
        "sets": {
            "photos": {"reference": "none", "metrics": photos},
            "rooms": {"metrics": rooms},
        }
    }
    rows = reproduction_table.columns(metrics)
    assert rows["depth"]["style"] == "1.25 [1.15, 1.35]"
    assert rows["depth"]["depth, compact"] == "0.40 [0.30, 0.50]"
    # From 0.5 back to 0.8 of the 0.9 that the photo itself has.
    assert rows["depth"]["regained, compact ↑"] == "75%"
    assert rows["none"]["regained, compact ↑"] == "–"
    assert rows["depth"]["SSIM ↑"] == rows["depth"]["colour"] == "–"
    text = reproduction_table.table({"udnie": metrics}, {("udnie", "depth"): 9})
    head, line, *body = text.splitlines()
    assert len(body) == 3 and line.count("---") == head.count("|") - 1
    assert body[1].startswith("| udnie | depth | 9 | 1.25 [1.15, 1.35] |")


@pytest.mark.slow
def test_it_trains_evaluates_and_does_nothing_twice(material, tmp_path, capsys):
    small = {"image_size": 64, "style_size": 64}
    none = {"depth_network": "none"}
    style = "paintings/0.png"
    network = {"width": 0.125, "blocks": 1, "mixed_precision": False}
    network |= {"dials": False, "depth_network": "compact"}
    network |= {"perceptual_network": "compact"}
    runs = {"none": none, "depth": {}}
    given = {
        "settings": {"content": "photos", "steps": 4, **small, **network},
        "starts": {"zero": {"style": style, "steps": 2, **none}},
        "groups": {"one": {"style": style, "start": "zero", "runs": runs}},
        "evaluation": {
            "content": "photos",
            "rgbd": "rooms",
            "photos": 2,
            "perceptual_network": "compact",
            "depth_network": ["compact"],
            **small,
        },
    }
    (tmp_path / "plan.json").write_text(json.dumps(given))
    plan = reproduction_plan.read_plan(tmp_path / "plan.json", material)
    folders = reproduce.train_all(plan, tmp_path)
    assert [f.name for f in folders] == ["zero", "none", "depth"]
    stored = json.loads((folders[2] / "settings.json").read_text())
    assert stored["initial_model"] == str(folders[0])
    table = reproduce.evaluate_all(plan, tmp_path)
    lines = table.splitlines()
    assert "regained, compact ↑" in lines[0] and "depth, compact" in lines[0]
    assert [line.split(" | ")[1] for line in lines[2:]] == [
        "none",
        "depth",
        "identity",
        "blur",
    ]
    assert (tmp_path / "table.md").read_text() == table
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("m*.json")}
    assert "Evaluating one" in capsys.readouterr().out

    reproduce.train_all(plan, tmp_path)
    assert reproduce.evaluate_all(plan, tmp_path) == table
    assert "Evaluating" not in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in before}
