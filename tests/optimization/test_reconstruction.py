"""Sheets of reconstructions: made, stopped, continued, refused."""

import dataclasses
import signal

import numpy as np
import pytest
from PIL import Image
from tiny_material import interrupt_when_it_runs

from fast_depth_style.errors import RequestError
from fast_depth_style.images.files import read_rgb
from fast_depth_style.optimization.reconstruction import reconstruct
from fast_depth_style.optimization.settings import ReconstructionSettings
from fast_depth_style.runs import losses
from fast_depth_style.runs.losses import read_losses


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


def test_a_sheet_is_made_and_continued(settings, tmp_path, capsys):
    output = tmp_path / "inside.png"
    names = [*settings.reconstructions()]

    folder = reconstruct(settings, output)

    assert folder == tmp_path / "inside.run"
    assert sorted(p.stem for p in folder.glob("*.png")) == sorted(names)
    for name in names:
        rows = read_losses(folder / f"{name}.run" / "losses.csv")
        assert rows[-1]["loss"] < 0.3 * rows[0]["loss"]
    # From noise, the first layer alone gives the picture back.
    photo = read_rgb(settings.picture).astype(float)
    found = read_rgb(folder / "content_relu1_1.png").astype(float)
    noise = np.random.default_rng(0).uniform(0, 255, photo.shape)
    assert ((found - photo) ** 2).mean() < 0.3 * ((noise - photo) ** 2).mean()

    # Another layer is only added.
    capsys.readouterr()
    one_more = dataclasses.replace(
        settings, layers=("relu1_1", "relu1_2", "relu2_1")
    )
    reconstruct(one_more, output)
    assert capsys.readouterr().out == "3 of 5: content_relu2_1\n"

    with pytest.raises(RequestError, match="size was 32 and is now 40"):
        reconstruct(dataclasses.replace(settings, size=40), output)


def test_ctrl_c_leaves_a_sheet_with_the_picture_so_far(settings, tmp_path):
    output = tmp_path / "inside.png"
    first = tmp_path / "inside.run" / "content_relu1_1.png"
    rows = first.with_suffix(".run") / "losses.csv"
    interrupt_when_it_runs(rows, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        reconstruct(dataclasses.replace(settings, iterations=100_000), output)

    assert [*first.parent.glob("*.png")] == [first]
    # Beside the original.
    sheet = np.array(Image.open(output).convert("L"))
    second = np.array_split(sheet[: len(sheet) // 2], 2, axis=1)[1]
    assert (second < 250).mean() > 0.3


def test_what_an_interruption_at_the_end_left_out_is_made_up_for(
    settings, tmp_path, monkeypatch
):
    settings = dataclasses.replace(settings, style="", layers=("relu1_1",))
    kept = tmp_path / "inside.run" / "content_relu1_1.run"

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(losses, "draw_losses", interrupted)
        with pytest.raises(KeyboardInterrupt):
            reconstruct(settings, tmp_path / "inside.png")
    assert (kept / "strip.png").exists() and not (kept / "losses.png").exists()

    reconstruct(settings, tmp_path / "inside.png")

    assert (kept / "losses.png").exists()
    assert read_rgb(kept.with_suffix(".png")).shape == (24, 32, 3)


def test_what_cannot_be_had_leaves_what_is_there(settings, tmp_path):
    for changes, says in (
        ({"layers": ("relu9_1",)}, "no layer 'relu9_1'"),
        ({"style_layers": ("relu3_1",)}, "for block2_conv2: ask for shallower"),
    ):
        wrong = dataclasses.replace(settings, **changes)
        with pytest.raises(RequestError, match=says):
            reconstruct(wrong, tmp_path / "a.png")
    assert not [*tmp_path.iterdir()]
    (tmp_path / "a.run").mkdir()
    (tmp_path / "a.run" / "mine.txt").write_text("mine")
    with pytest.raises(RequestError, match="holds other files"):
        reconstruct(settings, tmp_path / "a.png")

    assert len([*tmp_path.rglob("*")]) == 2
