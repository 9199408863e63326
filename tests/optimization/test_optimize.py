"""Whole pictures: made, stopped, continued, refused."""

import dataclasses
import os
import re
import signal

import numpy as np
import pytest
from PIL import Image, ImageCms
from tiny_material import interrupt_when_it_runs

from fast_depth_style.errors import NotFiniteError, RequestError
from fast_depth_style.images.files import read_picture, read_rgb
from fast_depth_style.optimization import picture
from fast_depth_style.optimization.inputs import Inputs
from fast_depth_style.optimization.optimize import (
    optimize,
    optimize_arrays,
    read_state,
)
from fast_depth_style.runs.interrupts import Terminated
from fast_depth_style.runs.losses import read_losses


def _save(path, rgb, **options):
    Image.fromarray(rgb).save(path, **options)
    return str(path)


def test_a_picture_is_made_and_continued(small, tmp_path):
    output = tmp_path / "made.png"

    folder = optimize(small, output)

    rows = read_losses(folder / "losses.csv")
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"]
    assert {"style", "content", "tv", "range", "style_share"} <= set(rows[0])
    made = read_rgb(output)
    assert made.shape == (24, 32, 3)
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.*"))
    assert found == [
        ".fast_depth_style",
        "losses.csv",
        "losses.png",
        "settings.json",
        "state.npz",
        "steps/iteration_0000002.png",
        "steps/iteration_0000004.png",
        "steps/iteration_0000006.png",
        "strip.png",
    ]
    np.testing.assert_array_equal(
        read_rgb(folder / "steps/iteration_0000006.png"), made
    )
    assert read_rgb(folder / "strip.png").shape == (24, 4 * 32 + 3 * 4, 3)

    optimize(dataclasses.replace(small, iterations=8, strip_at=()), output)

    more = read_losses(folder / "losses.csv")
    assert more[:6] == rows and len(more) == 8
    assert more[7]["loss"] < rows[5]["loss"]
    assert read_state(folder).done == 8
    assert (read_rgb(output) != made).any()
    with pytest.raises(RequestError, match="--iterations=7: 8 are done"):
        optimize(dataclasses.replace(small, iterations=7), output)
    with pytest.raises(RequestError, match="style_weight was 100.0 and is now"):
        optimize(dataclasses.replace(small, style_weight=9.0), output)
    (folder / "state.npz").write_bytes(b"PK\x03\x04 damaged")
    with pytest.raises(RequestError, match="to begin again"):
        optimize(small, output)


def test_arrays_give_the_picture_of_the_files(small, material, tmp_path):
    optimize(small, tmp_path / "made.png")

    made = optimize_arrays(
        read_rgb(small.content), [read_rgb(material / "a.png")], small
    )

    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made, read_rgb(tmp_path / "made.png"))


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"photo": np.zeros((24, 32, 3))}, r"float64 \(24, 32, 3\) is no"),
        ({"weights": (1.0, 2.0)}, "2 weights for 1 paintings"),
        ({"content_masks": [1, 2]}, "2 content_masks for 1 paintings"),
    ],
)
def test_arrays_that_do_not_suit_are_refused(small, changes, says):
    photo = np.zeros((24, 32, 3), np.uint8)
    given = {"photo": photo, "paintings": [photo]} | changes

    with pytest.raises(RequestError, match=says):
        optimize_arrays(settings=small, **given)


def test_adam_over_two_scales_from_noise(small, tmp_path, capsys):
    settings = dataclasses.replace(
        small,
        optimizer="adam",
        learning_rate=8.0,
        init="noise",
        size=128,
        scales=3,
        style_layers=("relu1_1",),
        content_layer="relu1_1",
    )

    folder = optimize(settings, tmp_path / "made.jpg")

    rows = read_losses(folder / "losses.csv")
    assert rows[2]["loss"] < rows[0]["loss"]
    assert rows[5]["loss"] < rows[3]["loss"]
    state = read_state(folder)
    assert (state.done, state.picture.shape) == (6, (96, 128, 3))
    shown = capsys.readouterr().err
    assert "100%" in shown and "iteration 6 of 6, loss" in shown


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_what_begins_at_a_kept_state_ends_the_same(
    small, optimizer, monkeypatch
):
    monkeypatch.setattr(picture, "_ROUND", 4)
    settings = dataclasses.replace(
        small,
        optimizer=optimizer,
        init="noise",
        size=128,
        scales=2,
        iterations=18,
    )
    photo, painting = read_rgb(small.content), read_rgb(small.style[0])
    work = picture.PictureOptimization(settings, Inputs(photo, [painting]))
    kept, losses = [], []

    whole = work.run(
        work.start(),
        lambda _, found: losses.append(found.loss) or True,
        kept.append,
    )

    assert [state.done for state in kept] == [4, 8, 9, 13, 17, 18]
    for state in kept:
        found = []
        made = work.run(
            state, lambda _, each, found=found: found.append(each.loss) or True
        )
        np.testing.assert_array_equal(made.picture, whole.picture)
        assert found == losses[state.done :]


@pytest.mark.parametrize(
    "number, error",
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)],
)
def test_a_signal_writes_the_picture_so_far(
    small, tmp_path, capsys, number, error
):
    settings = dataclasses.replace(small, iterations=100_000)
    output = tmp_path / "made.png"
    losses = tmp_path / "made.run" / "losses.csv"
    interrupt_when_it_runs(losses, number)
    with pytest.raises(error):
        optimize(settings, output)

    shown = re.search(
        r"after iteration (\d+) of 100000: .* of iteration (\d+) is kept",
        capsys.readouterr().out,
    )
    done, kept = map(int, shown.groups())
    assert 2 <= done == len(read_losses(losses)) < 100_000
    state = read_state(tmp_path / "made.run")
    assert kept == (state.done if state else 0)
    assert (read_rgb(output) != read_rgb(small.content)).any()


def test_transparency_and_profile_of_the_photo_are_kept(small, tmp_path):
    flat = np.full((24, 32, 4), 90, np.uint8)
    flat[..., 3] = np.arange(24)[:, None] * 10
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    settings = dataclasses.replace(
        small,
        content=_save(tmp_path / "photo.png", flat, icc_profile=profile),
        style=(_save(tmp_path / "grey.png", flat[..., :3]),),
        iterations=1,
    )

    optimize(settings, tmp_path / "made.png")

    made = read_picture(tmp_path / "made.png")
    np.testing.assert_array_equal(made.alpha, flat[..., 3])
    assert made.icc_profile == profile
    # A painting of one colour gives its colour, where nothing else is.
    assert np.abs(made.rgb[-1].astype(int) - 90).max() < 60


def test_what_the_pixels_start_as(small, material):
    photo, painting = read_rgb(small.content), read_rgb(material / "a.png")

    def first(start=None, **changes):
        settings = dataclasses.replace(small, **changes)
        inputs = Inputs(photo, [painting], init=start)
        work = picture.PictureOptimization(settings, inputs)
        return work.start().picture

    np.testing.assert_array_equal(first(), photo)
    noise = first(init="noise")
    np.testing.assert_array_equal(noise, first(init="noise"))
    assert (noise != first(init="noise", seed=1)).any()
    np.testing.assert_array_equal(first(255 - photo), 255 - photo)
    assert first(painting).shape == photo.shape


def test_keep_colors_gives_paintings_the_photos_colors(small, material):
    photo, painting = read_rgb(small.content), read_rgb(material / "a.png")

    def distance(keep):
        settings = dataclasses.replace(small, keep_colors=keep)
        found = Inputs(photo, [painting]).fitted(settings).paintings[0]
        return np.abs(photo.mean((0, 1)) - found.mean((0, 1))).max()

    assert distance(True) < 1 < distance(False)


def test_a_loss_that_is_not_finite_keeps_the_last_picture(small, tmp_path):
    settings = dataclasses.replace(small, optimizer="adam", learning_rate=1e30)

    with pytest.raises(NotFiniteError, match="smaller --learning_rate"):
        optimize(settings, tmp_path / "made.png")

    assert read_rgb(tmp_path / "made.png").shape == (24, 32, 3)
    assert read_state(tmp_path / "made.run") is None


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"content": "narrow"}, "is 1x32 pixels at --size=32"),
        ({"style_scales": 2}, "at least 32 with --style_scales=2"),
        ({"style": ("narrow",)}, "painting 1 is too narrow"),
        ({"style": ()}, "--style= names no painting"),
        ({"style": ("text",)}, "text.png: not a picture: .* as --style"),
        ({"content": " "}, "--content= is empty"),
        ({"content_masks": ("black",)}, "black everywhere"),
        ({"content_masks": ("narrow",)}, "give a mask of the same shape"),
        ({"style_masks": ("narrow",)}, "give a mask of the same shape"),
        ({"content_masks": ("dot",)}, "covers nothing at relu2_1"),
        ({"style_layers": ("relu9_1",)}, "no layer 'relu9_1'"),
        ({"init": "nothing.png"}, "nothing.png: no such file"),
    ],
)
def test_what_cannot_be_had_leaves_nothing(small, tmp_path, changes, says):
    given = {
        name: _save(tmp_path / f"{name}.png", rgb)
        for name, rgb in {
            "narrow": np.full((64, 1, 3), 90, np.uint8),
            "black": np.zeros((24, 32), np.uint8),
            "dot": np.pad(np.uint8([[1]]), ((0, 23), (0, 31))),
        }.items()
    }
    given["text"] = str(tmp_path / "text.png")
    (tmp_path / "text.png").write_text("text")
    changes = {
        name: tuple(given.get(v, v) for v in value)
        if isinstance(value, tuple)
        else given.get(value, value)
        for name, value in changes.items()
    }
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(RequestError, match=says):
        optimize(dataclasses.replace(small, **changes), tmp_path / "made.png")

    assert sorted(tmp_path.rglob("*")) == before


def test_folders_of_others_stay_as_they_are(small, tmp_path):
    theirs = tmp_path / "made.run"
    theirs.mkdir()
    (theirs / "losses.csv").write_text("mine")
    with pytest.raises(RequestError, match="holds other files"):
        optimize(small, tmp_path / "made.png")
    inside = _save(theirs / "photo.png", read_rgb(small.content))
    with pytest.raises(RequestError, match="where an input lies"):
        optimize(
            dataclasses.replace(small, content=inside), tmp_path / "made.png"
        )
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(RequestError, match="is a folder: name a file"):
        optimize(small, tmp_path / "folder.png")
    assert (theirs / "losses.csv").read_text() == "mine"
    assert len([*theirs.iterdir()]) == 2


def test_pictures_are_known_by_their_content(small, tmp_path, monkeypatch):
    """Another spelling is the same picture, another content is not."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    # Not UTF-8.
    name = os.fsdecode(b"caf\xe9.png")
    photo = _save(tmp_path / name, read_rgb(small.content))
    settings = dataclasses.replace(small, content=photo, iterations=1)
    output = tmp_path / os.fsdecode(b"made \xe9.png")
    optimize(settings, output)

    for spelling, at in ((f"~/{name}", output), (f"./{name}", output.name)):
        optimize(dataclasses.replace(settings, content=spelling), at)
    Image.open(small.style[0]).resize((32, 24)).save(photo)
    with pytest.raises(RequestError, match="with other content"):
        optimize(settings, output)
