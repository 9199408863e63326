import os
import time

import numpy as np
import pytest
from PIL import Image
from programs import Program, run_program

from fast_depth_style.images.files import read_rgb
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.model import load_styled

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
    expected = tiles.stylize(load_styled(small_model), _PIXELS)
    for name in ("a.png", "sub/b.png"):
        np.testing.assert_array_equal(read_rgb(output / name), expected)
    names = ["a.png", "b.png", os.fsdecode(b"caf\xe9.png"), "sub"]
    assert _names(output) == [".fast_depth_style", *names]
    again = _stylize(model=small_model, input=photos / "a.png", output=output)
    assert again.returncode == 0, again.stderr


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
    # The folder was not empty at first, so they may be somebody else's.
    refused = _stylize(**flags)
    assert refused.returncode == 2
    assert "give a new or empty folder" in refused.stderr
    assert (output / "a.png").stat().st_mtime_ns == written


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
    import clip_files

    frame = np.resize(_PIXELS, (64, 96, 3))
    frames = [np.roll(frame, number, 1) for number in range(3)]
    clip_files.write_clip(tmp_path / "a.mkv", frames, [0, 100, 200])

    done = _stylize(
        tmp_path / "a.mkv",
        photos,
        model=small_model,
        paint_size="0.002",
        colors="photo",
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("stylized 3, skipped 1")
    times, painted, _ = clip_files.read_clip(tmp_path / "a.small.mkv")
    assert [round(time, 2) for time in times] == [0, 0.1, 0.2]
    assert {frame.shape for frame in painted} == {(64, 96, 3)}


def test_after_sigterm_a_video_goes_on(small_model, tmp_path):
    import clip_files

    output = tmp_path / "out"
    black = np.zeros((64, 96, 3), np.uint8)
    clip = clip_files.write_clip(tmp_path / "a.mp4", [black] * 400)
    flags = {"model": small_model, "input": clip, "output": f"{output}/"}
    running = Program("stylize.py", **flags)
    deadline = time.monotonic() + 300
    while not [*output.glob(".*/*.state.npz")]:
        assert time.monotonic() < deadline and running.poll() is None
        time.sleep(0.01)
    running.send_signal(15)
    running.communicate()
    assert running.returncode == 143
    parts, mark = sorted(path.name for path in output.iterdir())
    assert parts.endswith(".parts")
    done = _stylize(**flags)
    assert done.returncode == 0 and _names(output) == [mark, "a.mp4"]
    assert len(clip_files.read_clip(output / "a.mp4")[0]) == 400
