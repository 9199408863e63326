"""Sheets of reconstructions: made, stopped, continued, refused."""

import dataclasses
import os
import signal
import threading
import time

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.images.files import read_rgb
from fast_depth_style.optimization import reconstruction
from fast_depth_style.optimization.reconstruction import reconstruct
from fast_depth_style.optimization.reconstruction_settings import (
    ReconstructionSettings,
)
from fast_depth_style.requests import RequestError
from fast_depth_style.training.losses_log import read_losses


@pytest.fixture
def settings(small):
    return ReconstructionSettings(
        picture=small.content,
        style=small.style[0],
        perceptual_network=small.perceptual_network,
        layers=("relu1_1", "relu1_2"),
        style_layers=("relu1_1", "relu2_1"),
        iterations=12,
        size=32,
    )


@pytest.mark.slow
def test_a_sheet_is_made_stopped_and_continued(settings, tmp_path, monkeypatch):
    output = tmp_path / "inside.png"
    names = [*settings.reconstructions()]
    made = []
    optimize = reconstruction.optimize

    def stop_at_the_third(each, file, perceptual):
        made.append(file.stem)
        if len(made) == 3:
            raise KeyboardInterrupt
        optimize(each, file, perceptual)

    monkeypatch.setattr(reconstruction, "optimize", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        reconstruct(settings, output)
    size = Image.open(output).size
    folder = reconstruct(settings, output)

    # The two that were finished are not made again.
    assert made == [*names[:3], *names[2:]]
    assert folder == tmp_path / "inside.run"
    assert sorted(p.stem for p in folder.glob("*.png")) == sorted(names)
    assert Image.open(output).size == size
    for name in names:
        rows = read_losses(folder / f"{name}.run" / "losses.csv")
        assert rows[-1]["loss"] < 0.3 * rows[0]["loss"]
    # From noise, the first layer alone gives the picture back.
    photo = read_rgb(settings.picture).astype(float)
    found = read_rgb(folder / "content_relu1_1.png").astype(float)
    noise = np.random.default_rng(0).uniform(0, 255, photo.shape)
    assert ((found - photo) ** 2).mean() < 0.3 * ((noise - photo) ** 2).mean()

    # Another layer is only added.
    one_more = dataclasses.replace(
        settings, layers=("relu1_1", "relu1_2", "relu2_1")
    )
    reconstruct(one_more, output)
    assert made[len(names) + 1 :] == ["content_relu2_1"]

    with pytest.raises(RequestError, match="size was 32 and is now 40"):
        reconstruct(dataclasses.replace(settings, size=40), output)


def test_ctrl_c_leaves_a_sheet_with_the_picture_so_far(settings, tmp_path):
    output = tmp_path / "inside.png"
    first = tmp_path / "inside.run" / "content_relu1_1.png"
    losses = first.with_suffix(".run") / "losses.csv"

    def interrupt():
        until = time.monotonic() + 120
        while len(read_losses(losses)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        reconstruct(dataclasses.replace(settings, iterations=100_000), output)

    assert [*first.parent.glob("*.png")] == [first]
    # Beside the original, in the second of three columns.
    sheet = np.array(Image.open(output).convert("L"))
    middle = np.array_split(sheet[: len(sheet) // 2], 3, axis=1)[1]
    assert (middle < 250).mean() > 0.3


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"picture": "none.png"}, "none.png: no such file"),
        ({"style": "none.png"}, "none.png: no such file"),
        ({"layers": ("relu9_1",)}, "no layer 'relu9_1'"),
        ({"style_layers": ("relu3_1",)}, "no weights for block2_conv2"),
    ],
)
def test_what_cannot_be_had_leaves_nothing(settings, tmp_path, changes, says):
    with pytest.raises(RequestError, match=says):
        reconstruct(
            dataclasses.replace(settings, **changes), tmp_path / "a.png"
        )

    assert not [*tmp_path.iterdir()]
