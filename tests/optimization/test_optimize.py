"""Whole pictures: made, stopped, continued, refused."""

import dataclasses
import os
import signal
import threading
import time

import numpy as np
import pytest
from PIL import Image, ImageCms

from fast_depth_style.images.files import read_picture, read_rgb
from fast_depth_style.optimization.optimize import Work, optimize
from fast_depth_style.optimization.state import read_state
from fast_depth_style.requests import RequestError
from fast_depth_style.training.losses_log import read_losses


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

    optimize(dataclasses.replace(small, iterations=8), output)

    more = read_losses(folder / "losses.csv")
    assert more[:6] == rows and len(more) == 8
    assert more[7]["loss"] < rows[5]["loss"]
    assert read_state(folder).done == 8
    assert (read_rgb(output) != made).any()


def test_adam_over_two_scales_from_noise(small, tmp_path):
    settings = dataclasses.replace(
        small,
        optimizer="adam",
        learning_rate=8.0,
        init="noise",
        size=128,
        scales=3,
        layers=("relu1_1",),
        content_layer="relu1_1",
    )
    assert Work(settings).sizes == [(48, 64), (96, 128)]

    folder = optimize(settings, tmp_path / "made.jpg")

    rows = read_losses(folder / "losses.csv")
    assert rows[2]["loss"] < rows[0]["loss"]
    assert rows[5]["loss"] < rows[3]["loss"]
    state = read_state(folder)
    assert (state.done, state.scale) == (6, 1)
    assert state.picture.shape == (96, 128, 3)


def test_ctrl_c_writes_the_picture_so_far(small, tmp_path):
    settings = dataclasses.replace(small, iterations=100_000)
    output = tmp_path / "made.png"
    losses = tmp_path / "made.run" / "losses.csv"

    def interrupt():
        until = time.monotonic() + 120
        while len(read_losses(losses)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        optimize(settings, output)

    state = read_state(tmp_path / "made.run")
    rows = read_losses(losses)
    assert 2 <= state.done == len(rows) < 100_000
    np.testing.assert_array_equal(
        read_rgb(output), np.clip(np.rint(state.picture), 0, 255)
    )


def test_pictures_of_one_color_and_the_profile_of_the_photo(small, tmp_path):
    flat = np.full((24, 32, 3), 90, np.uint8)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo = _save(tmp_path / "photo.png", flat, icc_profile=profile)
    settings = dataclasses.replace(
        small, content=photo, style=(photo,), iterations=3
    )

    optimize(settings, tmp_path / "made.png")

    made = read_picture(tmp_path / "made.png")
    assert np.abs(made.rgb.astype(int) - 90).max() <= 2
    assert made.icc_profile == profile


def test_what_the_pixels_start_as(small, material):
    def first(**changes):
        return Work(dataclasses.replace(small, **changes)).first_picture()

    photo = read_rgb(small.content)
    np.testing.assert_array_equal(first(), photo)
    noise = first(init="noise")
    np.testing.assert_array_equal(noise, first(init="noise"))
    assert (noise != first(init="noise", seed=1)).any()
    assert first(init=str(material / "a.png")).shape == photo.shape


def test_keep_colors_gives_paintings_the_photos_colors(small):
    def distance(keep):
        work = Work(dataclasses.replace(small, keep_colors=keep))
        means = [each.mean((0, 1)) for each in (work.photo, work.paintings[0])]
        return np.abs(means[0] - means[1]).max()

    assert distance(True) < 1 < distance(False)


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"content": "narrow"}, "is 1x32 pixels at --size=32"),
        ({"style_scales": 2}, "at least 32 with --style_scales=2"),
        ({"style": ("narrow",)}, "is too narrow"),
        ({"content_masks": ("black",)}, "black everywhere"),
        ({"content_masks": ("narrow",)}, "give a mask of the same shape"),
        ({"style_masks": ("narrow",)}, "give a mask of the same shape"),
        ({"content_masks": ("dot",)}, "covers nothing at relu2_1"),
        ({"layers": ("relu9_1",)}, "no layer 'relu9_1'"),
        ({"init": "nothing.png"}, "nothing.png: no such file"),
    ],
)
def test_what_cannot_be_had_leaves_nothing(small, tmp_path, changes, says):
    files = {
        name: _save(tmp_path / f"{name}.png", rgb)
        for name, rgb in {
            "narrow": np.full((64, 1, 3), 90, np.uint8),
            "black": np.zeros((24, 32), np.uint8),
            "dot": np.pad(np.uint8([[1]]), ((0, 23), (0, 31))),
        }.items()
    }
    changes = {
        name: tuple(files.get(v, v) for v in value)
        if isinstance(value, tuple)
        else files.get(value, value)
        for name, value in changes.items()
    }
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(RequestError, match=says):
        optimize(dataclasses.replace(small, **changes), tmp_path / "made.png")

    assert sorted(tmp_path.rglob("*")) == before


def test_another_picture_of_the_same_name_is_refused(small, tmp_path):
    one = dataclasses.replace(small, iterations=1)
    optimize(one, tmp_path / "made.png")

    with pytest.raises(RequestError, match="style_weight was 100.0 and is now"):
        optimize(
            dataclasses.replace(one, style_weight=9.0), tmp_path / "made.png"
        )
