import csv
import json
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.evaluation import evaluate as program
from fast_depth_style.evaluation.content_metrics import ContentMetrics
from fast_depth_style.evaluation.depth_metrics import DepthMetrics
from fast_depth_style.evaluation.photo_sets import (
    Photo,
    PhotoSet,
    content_photos,
)
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.evaluation.stylizers import load_stylizers
from fast_depth_style.requests import RequestError


@pytest.fixture
def local_networks(monkeypatch, perceptual, brightness):
    """Networks by name as the registry gives them, but of a test's size."""
    judges = {"metric": (), "relative": ("inverse_depth", False)}
    monkeypatch.setattr(
        program,
        "depth_network",
        lambda spec: None if spec == "none" else brightness(*judges[spec]),
    )
    monkeypatch.setattr(
        program, "perceptual_network", lambda spec, layers: perceptual
    )


@pytest.fixture
def settings(write_photos, tmp_path):
    content = write_photos(["a.jpg", "b.png", "c.jpg"])
    painting = write_photos(["wave.png"], folder="paintings", size=(80, 99))
    return EvaluationSettings(
        models=("soft=blur", "identity"),
        style=str(painting / "wave.png"),
        depth_network=("metric", "relative"),
        output=str(tmp_path / "out"),
        content=str(content),
        style_layers=("relu1_1", "relu2_1"),
        content_layer="relu2_1",
        style_size=64,
        image_size=48,
    )


def _change(settings, **changes):
    return EvaluationSettings(**{**vars(settings), **changes})


def test_whole_run(local_networks, settings, write_photos, tmp_path):
    content = tmp_path / "content"
    (content / "bad.jpg").write_bytes(b"no picture")
    rooms = write_photos(["rgb/1.jpg", "rgb/2.jpg", "rgb/3.jpg"], "rooms")
    (rooms / "depth").mkdir()
    for name in ("1", "2", "4"):
        values = np.random.default_rng(0).integers(0, 200, (70, 90), "uint8")
        Image.fromarray(values).save(rooms / "depth" / f"{name}.png")
    photos, measured = program.evaluate(_change(settings, rgbd=str(rooms)))

    assert photos.photos == ["a.jpg", "b.png", "c.jpg"]
    assert [file for file, _ in photos.skipped] == ["bad.jpg"]
    assert measured.photos == ["1", "2"]
    assert [file for file, _ in measured.skipped] == [
        "rgb/3.jpg",
        "depth/4.png",
    ]
    assert photos.models == ["soft", "identity", "blur"]

    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "index.html",
        "metrics.json",
        "photos.csv",
        "rooms.csv",
    ]
    sets = json.loads((out / "metrics.json").read_text())["sets"]
    with (out / "photos.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 3
    for name, metric in sets["photos"]["metrics"].items():
        for model, found in metric["models"].items():
            column = [float(r[name]) for r in rows if r["model"] == model]
            assert found["mean"]["value"] == pytest.approx(np.mean(column))
    names = [*sets["rooms"]["metrics"]]
    judges = {n.split(".")[1] for n in names if n.startswith("measured.")}
    assert judges == {"metric", "relative"}
    assert not any(n.startswith("measured.") for n in sets["photos"]["metrics"])
    page = (out / "index.html").read_text()
    assert "bad.jpg" in page and "rgb/3.jpg" in page
    assert page.count('<img alt="typical') == 4


@pytest.mark.slow
def test_same_request_same_numbers(local_networks, settings, tmp_path):
    program.evaluate(settings)
    first = (tmp_path / "out" / "metrics.json").read_text()
    stale = tmp_path / "out" / "rooms.csv"
    stale.write_text("from an earlier run")
    program.evaluate(settings)
    assert not stale.exists()
    assert (tmp_path / "out" / "metrics.json").read_text() == first


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"content": ""}, "--content=FOLDER or --rgbd=FOLDER"),
        ({"content": "nowhere"}, "nowhere"),
        ({"rgbd": "nowhere"}, "nowhere"),
        ({"models": ("nowhere",)}, "nowhere"),
        ({"depth_network": ("none",)}, "nobody judges depth"),
        ({"style": "nowhere.jpg"}, "nowhere.jpg"),
    ],
)
def test_wrong_requests_write_nothing(
    local_networks, settings, tmp_path, changes, message
):
    with pytest.raises(RequestError, match=message) as caught:
        program.evaluate(_change(settings, **changes))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_judges_of_one_kind_are_told_apart(local_networks, settings):
    judges = ("metric", "metric", "relative", "metric")
    (table,) = program.evaluate(_change(settings, depth_network=judges))
    found = {name.split(".")[1] for name in table.values if "depth." in name}
    assert found == {"metric", "metric-2", "metric-3", "relative"}


def test_output_that_is_a_file(local_networks, settings, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="give another --output"):
        program.evaluate(_change(settings, output=str(tmp_path / "file")))


def test_no_usable_photo(local_networks, settings, tmp_path):
    for path in (tmp_path / "content").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(RequestError, match="none of the 3 photos can be used"):
        program.evaluate(settings)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_photos(
    write_photos, brightness, make_context
):
    (path,) = write_photos(["a.jpg"]).iterdir()
    stylizers = load_stylizers(["identity"])
    evaluators = [
        ContentMetrics(make_context()),
        DepthMetrics("j", brightness()),
    ]

    def peak(count):
        photos = [Photo(str(index), path) for index in range(count)]
        tracemalloc.start()
        program.measure(
            PhotoSet("photos", photos, [], False), stylizers, evaluators, 128
        )
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)
    # Of 40 more photos, each 49 kB as bytes, only the numbers are kept.
    assert peak(43) - peak(3) < 40 * 12_000


def test_photos_that_nobody_made_a_picture_of_are_skipped(
    write_photos, tmp_path
):
    photos = content_photos(write_photos(["a.jpg", "b.jpg"]))
    write_photos(["a.png"], "made")

    table = program.measure(
        photos, load_stylizers([f"pictures:{tmp_path / 'made'}"]), [], 48
    )

    assert (table.models[0], table.photos) == ("made", ["a.jpg"])
    ((name, reason),) = table.skipped
    assert name == "b.jpg" and "holds no picture of it" in reason
