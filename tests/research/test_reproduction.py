import dataclasses
import json
import pathlib

import pytest
import reproduce

import fast_depth_style as fds


def test_the_plan_compares_like_with_like():
    material = pathlib.Path("/m")
    starts, groups = reproduce.plan(material)
    assert [*starts] == [*groups] == [*reproduce.PAINTINGS]
    for name, runs in groups.items():
        first, *others = runs.values()
        assert [*runs][0] == first.depth_network == "none" and others
        assert starts[name].style == first.style
        assert starts[name].depth_network == "none" and not starts[name].dials
        for run in others:
            assert run.depth_network == "fast_depth:/m/weights/fast_depth.npz"
            assert first == dataclasses.replace(
                run,
                depth_network="none",
                depth_weight=first.depth_weight,
                style_weight=first.style_weight,
            )
    sweep = groups["composition_vii"].values()
    assert len({run.depth_weight for run in sweep}) >= 5
    assert reproduce.evaluation(material).content == "/m/photos/bsds500/test"


def test_the_table_is_of_ratios():
    def metric(ratio):
        given = {"value": ratio, "low": ratio - 0.1, "high": ratio + 0.1}
        none = dict.fromkeys(given)
        models = {"none": {"ratio": none}, "depth": {"ratio": given}}
        return {"models": models}

    none, depth = reproduce.table_rows(
        "udnie",
        {"style.loss": metric(1.25), "depth.compact.aligned": metric(0.4)},
    )
    assert depth[:3] == ["udnie", "depth", "1.25 [1.15, 1.35]"]
    assert depth[-1] == "0.40 [0.30, 0.50]"
    assert set(depth[3:-1]) == set(none[2:]) == {"–"}
    assert len(depth) == len(none) == 2 + len(reproduce.METRICS)


@pytest.mark.slow
def test_it_trains_evaluates_and_does_nothing_twice(material, tmp_path, capsys):
    shared = {
        "style": (str(material / "paintings" / "0.png"),),
        "content": str(material / "photos"),
        "image_size": 64,
        "style_size": 64,
        "width": 0.125,
        "blocks": 1,
        "mixed_precision": False,
        "dials": False,
        "perceptual_network": "compact",
    }
    none = fds.preset("balanced", **shared, depth_network="none", steps=4)
    starts = {"zero": dataclasses.replace(none, steps=2)}
    depth = dataclasses.replace(none, depth_network="compact")
    groups = {"zero": {"none": none, "depth": depth}}
    evaluation = fds.EvaluationSettings(
        content=str(material / "photos"),
        photos=2,
        perceptual_network="compact",
        depth_network=("compact",),
        image_size=64,
    )
    folders = reproduce.train_all(starts, groups, tmp_path)
    assert [f.name for f in folders] == ["zero", "none", "depth"]
    stored = json.loads((folders[2] / "settings.json").read_text())
    assert stored["initial_model"] == str(folders[0])
    table = reproduce.evaluate_all(groups, evaluation, tmp_path)
    _, _, *lines = table.splitlines()
    labels = [line.split(" | ")[1] for line in lines]
    assert labels == ["none", "depth", "identity", "blur"]
    assert (tmp_path / "table.md").read_text() == table
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("m*.json")}
    assert "Evaluating zero" in capsys.readouterr().out

    reproduce.train_all(starts, groups, tmp_path)
    assert reproduce.evaluate_all(groups, evaluation, tmp_path) == table
    assert "Evaluating" not in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in before}
