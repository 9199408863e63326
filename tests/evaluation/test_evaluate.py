import csv
import dataclasses
import importlib
import itertools
import json
import os
import sys
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.evaluation import evaluate as program
from fast_depth_style.evaluation import photo_sets
from fast_depth_style.evaluation.evaluator import find_evaluators
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.evaluation.stylizers import load_stylizers

_NOT_UTF8 = os.fsdecode(b"caf\xe9.png")


@pytest.fixture
def settings(write_photos, tmp_path):
    content = write_photos(["a.jpg", "b.png", _NOT_UTF8])
    painting = write_photos(["wave.png"], folder="paintings", size=(80, 99))
    return EvaluationSettings(
        models=("soft=blur", "identity"),
        style=str(painting / "wave.png"),
        depth_network=("compact",),
        output=str(tmp_path / "out"),
        content=str(content),
        perceptual_network="compact",
        teachers=("fast_depth",),
        style_size=64,
        image_size=64,
    )


def test_whole_run(settings, write_photos, tmp_path):
    (tmp_path / "content" / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "content" / "clip.mp4").write_bytes(b"no picture")
    rooms = write_photos(["rgb/1.jpg", "rgb/2.jpg", "rgb/3.jpg"], "rooms")
    (rooms / "depth").mkdir()
    for name in ("1", "2", "4"):
        values = np.random.default_rng(0).integers(0, 200, (70, 90), "uint8")
        Image.fromarray(values).save(rooms / "depth" / f"{name}.png")
    both = dataclasses.replace(settings, rgbd=str(rooms))
    photos, measured = program.evaluate(both)

    assert photos.photos == ["a.jpg", "b.png", r"caf\xe9.png"]
    assert [file for file, _ in photos.skipped] == ["clip.mp4", "bad.jpg"]
    assert measured.photos == ["1", "2"]
    assert [f for f, _ in measured.skipped] == ["rgb/3.jpg", "depth/4.png"]
    assert photos.models == ["soft", "identity", "blur"]
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} == {
        ".fast_depth_style",
        "index.html",
        "metrics.json",
        "photos.csv",
        "rooms.csv",
    }
    found = json.loads((out / "metrics.json").read_text())
    assert found["settings"]["teachers"] == ["fast_depth"]
    assert found["judges"] == {
        "compact": {"spec": "compact", "relation": "related"}
    }
    with (out / "photos.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    pairs = [(row["photo"], row["model"]) for row in rows]
    assert pairs == [*itertools.product(photos.photos, photos.models)]
    metrics = found["sets"]["photos"]["metrics"]
    for name, metric in metrics.items():
        for model, numbers in metric["models"].items():
            column = [r[name] for r in rows if r["model"] == model]
            values = [float(value) for value in column if value]
            if values:
                mean = numbers["mean"]["value"]
                assert mean == pytest.approx(np.mean(values)), name
    assert not any(name.startswith("measured.") for name in metrics)
    rank = found["sets"]["rooms"]["metrics"]["measured.compact.spearman"]
    assert rank["models"]["identity"]["recovered"]["value"] == 1
    page = (out / "index.html").read_text(encoding="utf-8")
    for file in ("bad.jpg", "clip.mp4", "rgb/3.jpg"):
        assert file in page
    # Photo and three models, and their depth, of the first of each set.
    assert page.count("data:image/jpeg") == (3 + 2) * 4 * 2

    # Once more, into the same folder: the same numbers, and no stale file.
    (again,) = program.evaluate(settings)
    assert not (out / "rooms.csv").exists()
    for name, values in photos.values.items():
        np.testing.assert_array_equal(again.values[name], values)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"content": ""}, "--content=FOLDER or --rgbd=FOLDER"),
        ({"content": "nowhere"}, "nowhere"),
        ({"rgbd": "nowhere"}, "nowhere"),
        ({"models": ("nowhere",)}, "nowhere"),
        ({"depth_network": ("none",)}, "depth_network=none"),
        ({"style": "nowhere.jpg"}, "nowhere.jpg"),
        ({"style": __file__}, "--style: .*not a picture"),
        ({"style": ""}, "--style= is empty"),
        ({"output": ""}, "--output= is empty"),
    ],
)
def test_wrong_requests_write_nothing(settings, tmp_path, changes, message):
    with pytest.raises(RequestError, match=message):
        program.evaluate(dataclasses.replace(settings, **changes))
    assert not (tmp_path / "out").exists()


def test_a_narrow_painting_is_refused(settings, tmp_path):
    Image.new("RGB", (4000, 20)).save(tmp_path / "narrow.png")
    with pytest.raises(RequestError, match="cut a part out of it"):
        program.evaluate(
            dataclasses.replace(settings, style=str(tmp_path / "narrow.png"))
        )
    assert not (tmp_path / "out").exists()


def test_too_many_scales_for_the_pictures(settings):
    with pytest.raises(RequestError, match="--style_scales=4"):
        dataclasses.replace(settings, style_scales=4)


@pytest.mark.parametrize(
    "output, message",
    [
        ("content", "holds other files"),
        ("content/a.jpg", "is a file"),
        ("content/a.jpg/out", "cannot be written"),
    ],
)
def test_output_that_is_not_ours(settings, tmp_path, output, message):
    before = sorted((tmp_path / "content").rglob("*"))
    with pytest.raises(RequestError, match=message):
        changed = dataclasses.replace(settings, output=str(tmp_path / output))
        program.evaluate(changed)
    assert sorted((tmp_path / "content").rglob("*")) == before


def test_paths_from_home(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "paintings")
    home = dataclasses.replace(
        settings,
        models=("pictures:~/content",),
        style="~/paintings/wave.png",
        content="~/content",
        output="~/out",
        photos=1,
    )
    (table,) = program.evaluate(home)
    assert table.models == ["content", "identity", "blur"]
    assert (tmp_path / "out" / "index.html").exists()
    assert [p.name for p in (tmp_path / "paintings").iterdir()] == ["wave.png"]


def test_no_usable_photo(settings, tmp_path):
    for path in (tmp_path / "content").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(RequestError, match="none of the 3 photos can be used"):
        program.evaluate(settings)


def test_without_scipy(monkeypatch):
    name = "fast_depth_style.evaluation.scipy_extra"
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtraError, match=r"fast-depth-style\[evaluate"):
        importlib.import_module(name)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_photos(
    write_photos, brightness, make_context
):
    (path,) = write_photos(["a.jpg"]).iterdir()
    stylizers = load_stylizers(["identity"])
    evaluators = find_evaluators(make_context(j=brightness()))

    def peak(count):
        photos = [photo_sets.Photo(str(index), path) for index in range(count)]
        photos = photo_sets.PhotoSet("photos", photos, [], measured=False)
        tracemalloc.start()
        program.measure(photos, stylizers, evaluators, 128)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)
    # Of 40 more photos, each 49 kB as bytes, only the numbers are kept, and
    # what TensorFlow keeps of an operation.
    assert peak(43) - peak(3) < 40 * 24_000


def test_photos_that_nobody_made_a_picture_of_are_skipped(
    write_photos, tmp_path
):
    photos = photo_sets.content_photos(write_photos(["a.jpg", "b.jpg"]))
    write_photos(["a.png"], "made")
    stylizers = load_stylizers([f"pictures:{tmp_path / 'made'}"])
    table = program.measure(photos, stylizers, [], 48)
    assert (table.models[0], table.photos) == ("made", ["a.jpg"])
    ((name, reason),) = table.skipped
    assert name == "b.jpg" and "holds no picture of it" in reason
    # What the report shows is what was measured.
    photo, _ = photo_sets.read_photo(photos.photos[0], 48)
    shown = table.examples["a.jpg"]
    assert [*table.examples] == ["a.jpg"] and len(shown) == 1 + 3
    np.testing.assert_array_equal(shown[0], photo)
    np.testing.assert_array_equal(shown[2], photo)
