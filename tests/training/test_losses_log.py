import numpy as np
import pytest
from PIL import Image

from fast_depth_style.training.losses_log import (
    LossesLog,
    draw_losses,
    read_losses,
)


class _Objective:
    """Two terms of weights 1 and 3."""

    terms = ("style", "depth")

    def shares(self, terms, step):
        total = terms["style"] + 3 * terms["depth"]
        return {
            "style": terms["style"] / total,
            "depth": 3 * terms["depth"] / total,
        }


def _log(path, start, steps, every=100):
    log = LossesLog(path, start, every, _Objective())
    for batch in range(steps):
        step = start + batch + 1
        log.on_train_batch_end(
            batch, {"loss": 4.0 * step, "style": step, "depth": step}
        )
    return log


def test_every_step_is_a_row_at_once(tmp_path):
    path = tmp_path / "losses.csv"

    _log(path, 0, 2)  # Never closed, as when the run is killed.

    assert path.read_text().splitlines() == [
        "step,loss,style,depth,style_share,depth_share",
        "1,4.0,1.0,1.0,0.25,0.75",
        "2,8.0,2.0,2.0,0.25,0.75",
    ]


def test_a_resumed_run_drops_what_it_does_again(tmp_path):
    path = tmp_path / "losses.csv"
    _log(path, 0, 7)
    with path.open("a") as file:
        file.write("8,32.0,8.")  # Killed while it wrote.

    _log(path, 5, 4)

    rows = read_losses(path)
    assert [row["step"] for row in rows] == list(range(1, 10))
    assert [row["loss"] for row in rows] == [4.0 * n for n in range(1, 10)]
    assert [entry.name for entry in tmp_path.iterdir()] == ["losses.csv"]


def test_no_file_has_no_rows(tmp_path):
    assert read_losses(tmp_path / "losses.csv") == []


def test_it_is_drawn_every_so_many_steps_of_the_run_and_at_the_end(tmp_path):
    path, picture = tmp_path / "losses.csv", tmp_path / "losses.png"

    log = _log(path, 5, 2, every=8)
    assert not picture.exists()
    log.on_train_batch_end(2, {"loss": 4.0, "style": 1.0, "depth": 1.0})
    assert picture.exists()
    picture.unlink()
    log.on_train_batch_end(3, {"loss": 4.0, "style": 1.0, "depth": 1.0})
    assert not picture.exists()
    log.on_train_end()

    assert picture.exists()


def test_a_drawing_has_a_panel_for_the_loss_and_each_term(tmp_path):
    path = tmp_path / "losses.csv"
    _log(path, 0, 300)

    draw_losses(path, tmp_path / "losses.png")

    with Image.open(tmp_path / "losses.png") as image:
        assert image.size == (1200, 320)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    # The blue line, about as much of it in each third.
    blue = (pixels[..., 2] - pixels[..., 0] > 80).sum(0).reshape(3, -1).sum(1)
    assert blue.min() > 100
    assert blue.max() < 1.5 * blue.min()


@pytest.mark.parametrize("text", ["", "step,loss\n"])
def test_an_empty_log_is_not_drawn(tmp_path, text):
    path = tmp_path / "losses.csv"
    path.write_text(text)

    draw_losses(path, tmp_path / "losses.png")

    assert not (tmp_path / "losses.png").exists()
