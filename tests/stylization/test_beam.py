import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.images.files import read_picture, read_rgb
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.model import load_styled

pytest.importorskip("apache_beam")

from fast_depth_style.stylization import beam  # noqa: E402

_PIXELS = np.random.default_rng(0).integers(0, 256, (30, 45, 3), np.uint8)
_RUNNER = ["--runner=FnApiRunner"]


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "sub" / "deep").mkdir(parents=True)
    Image.fromarray(_PIXELS).save(folder / "a.png")
    Image.fromarray(_PIXELS[:20]).save(folder / "sub" / "b.bmp")
    image = Image.fromarray(_PIXELS)
    image.putalpha(Image.fromarray(_PIXELS[..., 0]))
    image.save(folder / "sub" / "deep" / "c.webp", lossless=True)
    (folder / "broken.jpg").write_text("not a picture")
    (folder / "sub" / "empty.png").write_bytes(b"")
    (folder / ".hidden.png").write_bytes(b"")
    frames = [Image.fromarray(_PIXELS[::n]) for n in (1, -1)]
    several = {"save_all": True, "append_images": frames[1:]}
    frames[0].save(folder / "sub" / "d.gif", **several)
    (folder / "notes.txt").write_text("no photo")
    (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(b"not UTF-8")
    return folder


def _files(folder):
    return sorted(
        p.relative_to(folder).as_posix()
        for p in pathlib.Path(folder).rglob("*")
        if p.is_file()
    )


def test_a_folder_with_broken_files(small_model, photos):
    # Inside the input: a second run must not take the paintings for photos.
    output = photos / "out"
    for _ in range(2):
        counts = beam.stylize_files(
            str(small_model), str(photos), f"{output}/", _RUNNER
        )
        assert counts == beam.Counts(stylized=4, broken=3)

    written = "a.png broken.txt sub/b.bmp.png sub/d.gif.png sub/deep/c.webp"
    assert _files(output) == written.split()
    model = load_styled(small_model)
    for name, photo in (("a.png", _PIXELS), ("sub/b.bmp.png", _PIXELS[:20])):
        expected = tiles.stylize(model, photo)
        np.testing.assert_array_equal(read_rgb(output / name), expected)
    painted = read_picture(output / "sub" / "deep" / "c.webp")
    np.testing.assert_array_equal(painted.alpha, _PIXELS[..., 0])
    assert sorted((output / "broken.txt").read_text().splitlines()) == [
        f"{photos}/broken.jpg\tnot a picture",
        f"{photos}/caf\\xe9.png\tnot a picture",
        f"{photos}/sub/d.gif\tonly the first of 2 pictures in it is painted",
        f"{photos}/sub/empty.png\tthe file is empty",
    ]


def test_a_photo_that_is_gone_or_may_not_be_read(photos):
    photo, gone, user = photos / "a.png", photos / "gone.png", os.geteuid()
    (left_out,) = beam._read(os.fsencode(gone))
    assert left_out.value == f"{gone}\tNo such file or directory"
    photo.chmod(0)
    if user == 0:  # Root may read all: become somebody else.
        os.seteuid(65534)
    try:
        (left_out,) = beam._read(os.fsencode(photo))
    finally:
        os.seteuid(user)
    assert left_out.value == f"{photo}\tPermission denied"


def test_wrong_requests_are_refused_in_one_line(small_model, photos, tmp_path):
    good = {
        "model": str(small_model),
        "source": str(photos),
        "output": str(tmp_path / "out"),
        "options": _RUNNER,
    }
    for wrong, message in (
        ({"model": "nowhere"}, "no such folder"),
        ({"source": str(tmp_path / "nowhere")}, "no file matches"),
        ({"source": "sea://photos"}, "sea://photos"),
        ({"output": str(photos)}, "overwrite its own input"),
        ({"output": ""}, "--output= is empty"),
        ({"options": ["--runner=SeaRunner"]}, "SeaRunner"),
        ({"options": ["--direct_num_workers=many"]}, "many"),
    ):
        with pytest.raises(RequestError, match=message):
            beam.stylize_files(**(good | wrong))
    assert not (tmp_path / "out").exists()


def test_the_program(small_model, photos, tmp_path):
    output = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "fast_depth_style.tools.stylize_beam"]
        + [f"--model={small_model}", f"--input={photos}/*"]
        + [f"--output={output}", "--", "--direct_num_workers=1"],
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"stylized 1, skipped 2 (listed in {output}/broken.txt)\n"
    )
    assert _files(output) == ["a.png", "broken.txt"]
