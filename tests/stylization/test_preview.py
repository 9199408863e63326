import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
from clip_files import write_clip
from programs import run_program

from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.stylization import preview


@pytest.fixture
def clip(tmp_path):
    """Ten frames in a second, each of one grey."""
    levels = range(20, 220, 20)
    frames = [np.full((48, 64, 3), level, np.uint8) for level in levels]
    return write_clip(tmp_path / "a.mp4", frames, range(0, 1000, 100))


@pytest.fixture
def screen(monkeypatch):
    """A screen that nobody sees."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("no Xvfb")
    read, write = os.pipe()
    running = subprocess.Popen(
        [server, "-displayfd", str(write), "-screen", "0", "1280x1024x24"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    if not number:
        pytest.skip("Xvfb does not start")
    monkeypatch.setenv("DISPLAY", f":{number}")
    yield
    running.terminate()
    running.wait()


def test_a_video_keeps_its_time(clip):
    started = time.monotonic()
    levels = [int(rgb.mean()) for rgb in preview.video_frames(clip)]
    assert time.monotonic() - started >= 0.85  # The last frame is at 0.9.
    assert levels == sorted(levels) and levels[0] < 30


def test_what_is_late_is_left_out(clip):
    levels = []
    for rgb in preview.video_frames(clip):
        levels.append(int(rgb.mean()))
        if len(levels) == 2:
            time.sleep(0.55)
    assert len(levels) < 8 and levels[-1] > 180


def test_a_camera_gives_its_newest_frame(clip):
    pytest.importorskip("cv2")
    with preview.camera_frames(str(clip)) as frames:
        levels = []
        for rgb in frames:
            assert rgb.shape == (48, 64, 3) and rgb.flags.c_contiguous
            levels.append(int(rgb.mean()))
            time.sleep(0.05)
    assert levels[-1] > 190  # Whatever was left out, the last was seen.


def test_a_pipe_is_no_camera(tmp_path):
    pytest.importorskip("cv2")
    os.mkfifo(tmp_path / "pipe")
    for camera in (str(tmp_path / "pipe"), ""):
        with pytest.raises(RequestError, match="no camera there"):
            with preview.camera_frames(camera):
                pass


def test_no_camera():
    pytest.importorskip("cv2")
    if pathlib.Path("/dev/video63").exists():
        pytest.skip("there is one")
    with pytest.raises(RequestError, match="--webcam=63: no camera there"):
        with preview.camera_frames("63"):
            pass


def test_no_opencv(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r"\[webcam\]"):
        with preview.camera_frames("0"):
            pass


def test_a_window_shows_paintings_until_the_video_ends(screen, clip):
    pytest.importorskip("tkinter")
    shown = []

    class Seen(preview.Window):
        def show(self, rgb):
            super().show(rgb)
            shown.append((rgb.shape, int(rgb.mean())))

    with Seen("test") as window:
        count = preview.play(
            window,
            preview.video_frames(clip),
            lambda: lambda rgb: 255 - rgb,
            800,
        )
    assert 2 <= count <= 10 and shown
    shape, last = shown[-1]
    assert last < 70 and shape[0] * shape[1] <= 900


def test_a_closed_window_ends_it(screen, clip):
    pytest.importorskip("tkinter")
    with preview.Window("test") as window:
        window._root.after(300, window._leave)
        many = (np.zeros((20, 20, 3), np.uint8) for _ in range(10**9))
        assert preview.play(window, many, lambda: lambda rgb: rgb, 1e6) > 0


def test_an_error_of_painting_is_the_caller_s(screen):
    pytest.importorskip("tkinter")
    with preview.Window("test") as window:
        with pytest.raises(RequestError, match="no such model"):
            preview.play(
                window,
                [],
                lambda: (_ for _ in ()).throw(RequestError("no such model")),
                1e6,
            )


def test_the_program_in_a_window(screen, clip, small_model):
    pytest.importorskip("tkinter")
    done = run_program(
        "stylize.py",
        clip,
        "--show",
        model=small_model,
        environment={"DISPLAY": os.environ["DISPLAY"]},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("showed ")


_NO_WINDOW = "no screen for a window here"
if importlib.util.find_spec("_tkinter") is None:  # As in some distributions.
    _NO_WINDOW = "a window needs tkinter: install python3-tk"


@pytest.mark.parametrize(
    "words,says",
    [
        (["{clip}", "--show"], _NO_WINDOW),
        (["--show"], "--show shows one video"),
        (["{clip}", "--show", "--output=b.mp4"], "write nothing"),
        (["{clip}", "--webcam=0"], "--webcam is the input"),
        (["--webcam=63"], "--webcam=63: "),
        (["{clip}", "--show", "--paint_size=much"], "--paint_size=much"),
    ],
)
def test_one_line_says_why_there_is_no_window(clip, words, says):
    done = run_program(
        "stylize.py",
        *(word.format(clip=clip) for word in words),
        environment={"DISPLAY": "", "WAYLAND_DISPLAY": ""},
    )
    assert done.returncode == 2
    assert says in done.stderr and done.stderr.count("\n") == 1
