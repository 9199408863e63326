"""The whole of it, small, with the networks that come with the package."""

import json

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.reproduction.plan import read_plan
from fast_depth_style.reproduction.stages import reproduce
from fast_depth_style.requests import RequestError


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    material = tmp_path_factory.mktemp("material")
    random = np.random.default_rng(0)
    for folder in ("photos", "paintings"):
        (material / folder).mkdir()
        for number in range(3):
            coarse = random.integers(0, 256, (6, 7, 3), dtype=np.uint8)
            picture = Image.fromarray(coarse).resize((90, 80))
            picture.save(material / folder / f"{number}.png")
    given = {
        "preset": "quick",
        "settings": {
            "content": "photos",
            "image_size": 64,
            "style_size": 64,
            "width": 0.125,
            "blocks": 1,
            "batch_size": 1,
            "steps": 4,
            "mixed_precision": False,
        },
        "starts": {
            "zero": {
                "style": "paintings/0.png",
                "depth_network": "none",
                "steps": 2,
            }
        },
        "groups": {
            "one": {
                "title": "Number One",
                "style": "paintings/0.png",
                "start": "zero",
                "runs": {"none": {"depth_network": "none"}, "depth": {}},
            }
        },
        "evaluation": {
            "content": "photos",
            "image_size": 64,
            "style_size": 64,
            "perceptual_network": "compact",
            "depth_network": ["compact"],
        },
        "unseen_judge": "compact",
    }
    (material / "plan.json").write_text(json.dumps(given))
    return read_plan(material / "plan.json", material)


@pytest.mark.slow
def test_stages_follow_each_other_and_are_not_repeated(plan, tmp_path, capsys):
    with pytest.raises(RequestError, match="run --stage=train"):
        reproduce(plan, tmp_path, ("evaluate",))
    with pytest.raises(RequestError, match="run --stage=evaluate"):
        reproduce(plan, tmp_path, ("page",))

    page = reproduce(plan, tmp_path)

    assert "Evaluating one" in capsys.readouterr().out
    text = (page / "README.md").read_text()
    assert "## Number One" in text and "| depth | 3 |" in text
    assert (
        "4 steps of 1 photo at 64 pixels, after 2 steps of 1 photo at 64"
        " pixels without depth" in text
    )
    with Image.open(page / "curves_one.png") as curves:
        assert curves.width > 1000
    numbers = json.loads((page / "numbers.json").read_text())["one"]
    assert numbers["photos"] == 3
    assert [*numbers["runs"]] == ["none", "depth", "identity", "blur"]
    assert numbers["runs"]["none"]["style_ratio"][0] == 1
    assert numbers["runs"]["identity"]["compact.squared"][0] == 0
    assert numbers["runs"]["depth"]["compact.squared"][0] > 0

    start = tmp_path / "starts" / "zero"
    for label in ("none", "depth"):
        run = tmp_path / "runs" / "one" / label / "settings.json"
        assert json.loads(run.read_text())["initial_model"] == str(start)

    models = [*tmp_path.glob("runs/*/*/model/card.json")]
    assert len(models) == 2
    before = {path: path.stat().st_mtime_ns for path in models}
    reproduce(plan, tmp_path, ("evaluate",))
    assert "Evaluating" not in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in models}
