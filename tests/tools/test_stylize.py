import os
import time

import numpy as np
import pytest
from PIL import Image
from programs import Program, run_program

from fast_depth_style.exporting.saved_model import read_model
from fast_depth_style.images.files import read_rgb
from fast_depth_style.stylization import tiles

_PIXELS = np.random.default_rng(0).integers(0, 256, (30, 45, 3), np.uint8)


def _stylize(*arguments, **flags):
    return run_program("stylize.py", *arguments, **flags)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    Image.fromarray(_PIXELS).save(folder / "a.png")
    Image.fromarray(_PIXELS).save(folder / "sub" / "b.bmp")
    (folder / "broken.jpg").write_text("not a picture")
    return folder


def _names(folder):
    return sorted(p.name for p in folder.rglob("*"))


def test_a_folder_of_photos(small_model, photos, tmp_path):
    output = tmp_path / "out"
    (photos / "clip.mov").touch()
    Image.fromarray(_PIXELS).save(photos / os.fsdecode(b"caf\xe9.png"))
    (photos / os.fsdecode(b"bad\xe9.png")).touch()
    done = _stylize(model=small_model, input=photos, output=output)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "stylized 3, skipped 3 (named above)\n"
    for line in (
        "broken.jpg: not a picture",
        "bad\\xe9.png: the file is empty",
        "clip.mov: a video: give it alone, as --input",
    ):
        (named,) = [s for s in done.stderr.splitlines() if line in s]
        assert named.lstrip("\r").startswith(f"skipped {photos}")
    expected = tiles.stylize(read_model(small_model), _PIXELS)
    for name in ("a.png", "sub/b.png"):
        np.testing.assert_array_equal(read_rgb(output / name), expected)
    names = ["a.png", "b.png", os.fsdecode(b"caf\xe9.png"), "sub"]
    assert _names(output) == names


def test_a_bad_target_ends_in_1_and_resume_does_the_rest(
    small_model, photos, tmp_path
):
    output = tmp_path / "out"
    output.mkdir()
    (output / "sub").touch()
    flags = {"model": small_model, "input": photos, "output": output}
    done = _stylize(**flags)
    assert done.returncode == 1, done.stderr
    assert done.stdout == "stylized 1, skipped 2 (named above)\n"
    assert f"{output}/sub: File exists" in done.stderr
    assert "Traceback" not in done.stderr
    written = (output / "a.png").stat().st_mtime_ns
    (output / "sub").unlink()
    done = _stylize("--resume", **flags)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "stylized 1, skipped 1 (named above), done before 1\n"
    )
    assert (output / "a.png").stat().st_mtime_ns == written
    assert _names(output) == ["a.png", "b.png", "sub"]
    assert _stylize(**flags).returncode == 0
    assert (output / "a.png").stat().st_mtime_ns > written


def test_a_photo(small_model, photos, tmp_path):
    exif = Image.Exif()
    exif[0x0132] = "2020:02:20 20:20:20"
    Image.fromarray(_PIXELS).save(photos / "a.png", exif=exif)
    output = tmp_path / "new" / "painted.png"
    for arguments, kept in (((), True), (("--strip",), False)):
        done = _stylize(
            *arguments, model=small_model, input=photos / "a.png", output=output
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"stylized {output}\n"
        with Image.open(output) as image:
            assert image.size == (45, 30)
            assert (0x0132 in image.getexif()) == kept


def test_several_words_are_painted_beside_themselves(small_model, photos):
    words = (photos / "a.png", photos / "sub", photos / "broken.jpg")
    settings = {"colors": "photo", "paint_size": "0.002"}
    for _ in range(2):  # The second time there are paintings among them.
        done = _stylize(*words, model=small_model, **settings)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("stylized 2, skipped")
        assert "broken.jpg: not a picture" in done.stderr
    names = ["a.png", "a.small.png", "b.bmp", "b.small.png", "broken.jpg"]
    assert _names(photos) == [*names, "sub"]
    done = _stylize(photos / "a.png", model=small_model)
    assert done.stdout == f"stylized {photos}/a.small.png\n"


def test_a_video_among_others(small_model, photos, tmp_path):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "a.mkv"), "w") as out:
        track = out.add_stream("libx264", rate=10)
        track.width, track.height, track.pix_fmt = 96, 64, "yuv420p"
        for number in range(3):
            frame = np.roll(np.resize(_PIXELS, (64, 96, 3)), number, 1)
            frame = av.VideoFrame.from_ndarray(frame, format="rgb24")
            out.mux(track.encode(frame))
        out.mux(track.encode())

    done = _stylize(
        tmp_path / "a.mkv",
        photos,
        model=small_model,
        paint_size="0.002",
        colors="photo",
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("stylized 3, skipped 1")
    with av.open(str(tmp_path / "a.small.mkv")) as clip:
        frames = list(clip.decode(video=0))
    assert [round(frame.time, 2) for frame in frames] == [0, 0.1, 0.2]
    assert {(frame.width, frame.height) for frame in frames} == {(96, 64)}


def test_sigterm_removes_the_hidden_part(small_model, tmp_path):
    av = pytest.importorskip("av")
    clip, output = tmp_path / "a.mp4", tmp_path / "out"
    with av.open(str(clip), "w") as out:
        track = out.add_stream("libx264", rate=25)
        track.width, track.height, track.pix_fmt = 320, 240, "yuv420p"
        for _ in range(2000):
            out.mux(track.encode(av.VideoFrame(320, 240, "yuv420p")))
        out.mux(track.encode())
    running = Program(
        "stylize.py", model=small_model, input=clip, output=f"{output}/"
    )
    deadline = time.monotonic() + 60
    while not (output.is_dir() and _names(output)):
        assert time.monotonic() < deadline and running.poll() is None
        time.sleep(0.05)
    running.send_signal(15)
    running.communicate()
    assert running.returncode == 143
    assert _names(output) == []


@pytest.mark.parametrize(
    "wrong,message",
    [
        ({"model": "nowhere"}, "nowhere: no such folder"),
        ({"input": "nowhere.jpg"}, "nowhere.jpg: no such file"),
        ({"input": "broken.jpg", "output": "x.png"}, "not a picture"),
        ({"output": "a.png/x"}, "cannot be written"),
        ({"input": "a.png", "output": "a.png"}, "overwrite its own input"),
        ({"input": ""}, "--input= is empty"),
        ({"output": ""}, "--output= is empty"),
        ({"model": ""}, "--model= is empty"),
        ({"colors": "both"}, "--colors=both: value should be one of"),
        ({"paint_size": "huge"}, "--paint_size=huge: give megapixels"),
    ],
)
def test_wrong_requests(small_model, photos, wrong, message):
    flags = {"model": small_model, "input": photos, "output": photos / "new"}
    paths = ("model", "input", "output")
    flags |= {
        n: value and photos / value if n in paths else value
        for n, value in wrong.items()
    }
    before = sorted(photos.rglob("*"))
    done = _stylize(**flags)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert sorted(photos.rglob("*")) == before
