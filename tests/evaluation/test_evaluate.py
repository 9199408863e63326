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
from tiny_material import Brightness

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
    bad = tmp_path / "content" / os.fsdecode(b"bad\xe9.jpg")
    bad.write_bytes(b"no picture")
    (tmp_path / "content" / "clip.mp4").write_bytes(b"no picture")
    rooms = write_photos(["rgb/1.jpg", "rgb/2.jpg", "rgb/3.jpg"], "rooms")
    (rooms / "depth").mkdir()
    for name in ("1", "2", "4"):
        values = np.random.default_rng(0).integers(0, 200, (70, 90), "uint8")
        Image.fromarray(values).save(rooms / "depth" / f"{name}.png")
    both = dataclasses.replace(settings, rgbd=str(rooms))
    photos, measured = program.evaluate(both)

    assert photos.photos == ["a.jpg", "b.png", r"caf\xe9.png"]
    assert [file for file, _ in photos.skipped] == ["clip.mp4", r"bad\xe9.jpg"]
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
    for file in (r"bad\xe9.jpg", "clip.mp4", "rgb/3.jpg"):
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
        ({"content": ""}, "no photos: give --content=FOLDER"),
        ({"style": "narrow.png"}, "cut a part out of it"),
        ({"style_scales": 4}, "--style_scales=4"),
    ],
)
def test_wrong_requests_write_nothing(
    settings, tmp_path, monkeypatch, changes, message
):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (4000, 20)).save("narrow.png")
    with pytest.raises(RequestError, match=message):
        program.evaluate(dataclasses.replace(settings, **changes))
    assert not (tmp_path / "out").exists()


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
def test_real_photos_and_networks(assets, tmp_path):
    weights, output = assets / "weights", tmp_path / "out"
    tables = program.evaluate(
        EvaluationSettings(
            models=("identity", "blur"),
            content=str(assets / "photos" / "bsds500" / "test"),
            rgbd=str(assets / "rgbd" / "nyu_v2"),
            style=str(assets / "paintings" / "wave.jpg"),
            depth_network=(
                f"fast_depth:{weights}/fast_depth_nyu_224_float32.npz",
            ),
            perceptual_network="vgg19:"
            f"{weights}/vgg19_imagenet_block1_conv1_to_block3_conv4.npz",
            photos=2,
            image_size=128,
            output=str(output),
        )
    )
    assert [len(table.photos) for table in tables] == [2, 2]
    assert (output / "index.html").stat().st_size > 100_000


@pytest.mark.slow
def test_memory_does_not_grow_with_the_photos(write_photos, make_context):
    (path,) = write_photos(["a.jpg"]).iterdir()
    stylizers = load_stylizers(["identity"])
    evaluators = find_evaluators(make_context(j=Brightness()))

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
