"""The folder of a run: settings, losses, progress, pictures, signals."""

import io
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.runs import folder, progress
from fast_depth_style.runs.interrupts import StopBetweenSteps, Terminated
from fast_depth_style.runs.losses import LossLog, draw_losses, read_losses
from fast_depth_style.runs.pictures import contact_sheet, to_uint8


@pytest.fixture
def sources(tmp_path):
    """A painting and a folder of photos."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("a")
    (tmp_path / "wave.jpg").write_text("wave")
    return tmp_path


def _digests(settings):
    return folder.source_digests(settings, ("style", "content"))


def _settings(sources, **changes):
    return {
        "style": str(sources / "wave.jpg"),
        "content": str(sources / "photos"),
        "steps": 100,
        **changes,
    }


def test_a_run_is_known_by_the_content_of_what_it_learns_from(sources):
    run = sources / "run"
    settings = _settings(sources)
    folder.write_settings(run, settings, _digests(settings))
    assert folder.read_settings(run, "workdir") == settings

    def require(settings):
        folder.require_same_run(
            run, settings, _digests(settings), "workdir", ("steps",)
        )

    require(_settings(sources, steps=200))
    # A run of the version before has no digests.
    folder.write_settings(sources / "older", settings, {})
    folder.require_same_run(
        sources / "older", settings, _digests(settings), "workdir"
    )
    require(_settings(sources, content=f"{sources}/photos/"))
    (sources / "photos").rename(sources / "moved")
    require(_settings(sources, content=str(sources / "moved")))
    (sources / "wave.jpg").write_text("scream")
    with pytest.raises(RequestError, match="style was .* with other content"):
        require(_settings(sources, content=str(sources / "moved")))
    with pytest.raises(RequestError, match="batch_size was None and is now 3"):
        require(_settings(sources, batch_size=3))


def test_a_run_among_its_photos_is_none_of_them(sources):
    settings, run = _settings(sources), sources / "photos" / "run"
    before = folder.source_digests(settings, ("content",), run)

    run.mkdir()
    (run / "strip.png").write_text("made by the run")

    assert folder.source_digests(settings, ("content",), run) == before
    assert folder.source_digests(settings, ("content",)) != before


@pytest.mark.parametrize("text", ["{", "[1]", "\xff"])
def test_a_strange_settings_file_is_refused(tmp_path, text):
    (tmp_path / "settings.json").write_text(text, encoding="latin-1")

    with pytest.raises(RequestError, match="is not this program's"):
        folder.read_settings(tmp_path, "workdir")
    (tmp_path / "settings.json").unlink()
    (tmp_path / "losses.csv").write_text("mine")
    with pytest.raises(RequestError, match="holds other files"):
        folder.require_same_run(tmp_path, {}, {}, "workdir")


def test_a_second_process_is_kept_out(tmp_path):
    folder.write_settings(tmp_path, {}, {})
    program = (
        "import pathlib, sys\n"
        "from fast_depth_style.runs import folder\n"
        "with folder.locked(pathlib.Path(sys.argv[1]), 'workdir'): pass\n"
    )

    def other():
        return subprocess.run(
            [sys.executable, "-c", program, tmp_path],
            capture_output=True,
            text=True,
        )

    with folder.locked(tmp_path, "workdir"):
        assert "another process works in it" in other().stderr
    assert other().returncode == 0


def _log(path, start, steps, every=100):
    log = LossLog(path, start, every, ("style", "depth"))
    for step in range(start + 1, start + steps + 1):
        terms = {"style": step, "depth": step}
        log.add(step, 4.0 * step, terms, {"style": 0.25, "depth": 0.75})
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
    assert read_losses(path) == []
    _log(path, 0, 7)
    with path.open("a") as file:
        file.write("8,32.0,8.")  # Killed while it wrote.

    _log(path, 5, 4)

    rows = read_losses(path)
    assert [row["step"] for row in rows] == list(range(1, 10))
    assert [row["loss"] for row in rows] == [4.0 * n for n in range(1, 10)]
    assert [entry.name for entry in tmp_path.iterdir()] == ["losses.csv"]


def test_losses_are_drawn_every_so_many_steps_and_at_the_end(tmp_path):
    path, picture = tmp_path / "losses.csv", tmp_path / "losses.png"
    one = {"style": 1.0, "depth": 1.0}

    log = _log(path, 5, 2, every=8)
    assert not picture.exists()
    log.add(8, 4.0, one, one)
    assert picture.exists()
    picture.unlink()
    log.add(9, 4.0, one, one)
    assert not picture.exists()
    log.close()

    assert picture.exists()


def test_a_drawing_has_a_panel_for_the_loss_and_each_term(tmp_path):
    path = tmp_path / "losses.csv"
    _log(path, 0, 0)
    draw_losses(path, tmp_path / "losses.png")
    assert not (tmp_path / "losses.png").exists()
    _log(path, 0, 300)

    draw_losses(path, tmp_path / "losses.png")

    with Image.open(tmp_path / "losses.png") as image:
        assert image.size == (1200, 320)
        pixels = np.asarray(image.convert("RGB")).astype(int)
    # The blue line, about as much of it in each third.
    blue = (pixels[..., 2] - pixels[..., 0] > 80).sum(0).reshape(3, -1).sum(1)
    assert 100 < blue.min() <= blue.max() < 1.5 * blue.min()


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_a_bar_from_the_first_step():
    terminal = _Terminal()
    bar = progress.Progress(200, 100, "step", stream=terminal)
    for _ in range(3):
        bar.update(1, "loss 12.35")
    bar.close()
    bar.close()

    last = terminal.getvalue().rpartition("\r")[2]
    assert "103/200" in last and "loss 12.35" in last
    assert last.endswith("\n") and terminal.getvalue().count("\n") == 1


def test_elsewhere_it_is_a_line_every_so_often(monkeypatch):
    seconds = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: seconds[0])
    stream = io.StringIO()
    bar = progress.Progress(10, unit="step", stream=stream)
    for _ in range(10):
        seconds[0] += 11.0
        bar.update(1, "loss 1")
    bar.close()

    lines = stream.getvalue().splitlines()
    assert "\r" not in stream.getvalue()
    assert [line.split("|")[2].split()[0] for line in lines] == [
        "3/10", "6/10", "9/10", "10/10"
    ]  # fmt: skip
    assert all("loss 1" in line for line in lines)


def test_pictures_are_laid_out_with_white_gaps():
    photos = [np.full((8, 6, 3), value, "uint8") for value in (20, 100, 240)]
    halves = [photo // 2 for photo in photos]
    sheet = contact_sheet([photos, halves])

    assert sheet.shape == (2 * 8 + 4, 3 * 6 + 2 * 4, 3)
    np.testing.assert_array_equal(sheet[:8, 10:16], photos[1])
    np.testing.assert_array_equal(sheet[12:, 20:], halves[2])
    assert (sheet[8:12] == 255).all() and (sheet[:, 6:10] == 255).all()
    assert to_uint8(np.array([-3.0, 1.6, 300.0])).tolist() == [0, 2, 255]


@pytest.fixture
def listening():
    """Python's handlers, even where these tests run in the background."""
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    "number, error",
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)],
)
def test_a_signal_waits_for_the_end_of_the_step(listening, number, error):
    with StopBetweenSteps() as stop:
        stop.require_not_stopped("nothing")
        os.kill(os.getpid(), number)
        assert stop.signal == number
        with pytest.raises(error):
            stop.require_not_stopped("step 1")
        with pytest.raises(KeyboardInterrupt):  # A second one does not.
            os.kill(os.getpid(), number)

    assert signal.getsignal(number) is signal.default_int_handler


def test_another_thread_leaves_signals_alone():
    during = []

    def work():
        with StopBetweenSteps():
            during.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert during == [signal.getsignal(signal.SIGINT)]
