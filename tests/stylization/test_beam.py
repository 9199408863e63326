import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.images.files import read_picture, read_rgb
from fast_depth_style.requests import RequestError
from fast_depth_style.serving.saved_model import read_model
from fast_depth_style.stylization import tiles

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
    alpha = Image.fromarray(_PIXELS[..., 0])
    image = Image.fromarray(_PIXELS)
    image.putalpha(alpha)
    image.save(folder / "sub" / "deep" / "c.webp", lossless=True)
    (folder / "broken.jpg").write_text("not a picture")
    (folder / "sub" / "empty.png").write_bytes(b"")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no photo")
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
        assert counts == beam.Counts(stylized=3, broken=2)

    assert _files(output) == [
        "a.png",
        "broken.txt",
        "sub/b.bmp.png",
        "sub/deep/c.webp",
    ]
    model = read_model(small_model)
    np.testing.assert_array_equal(
        read_rgb(output / "a.png"), tiles.stylize(model, _PIXELS)
    )
    np.testing.assert_array_equal(
        read_rgb(output / "sub" / "b.bmp.png"),
        tiles.stylize(model, _PIXELS[:20]),
    )
    painted = read_picture(output / "sub" / "deep" / "c.webp")
    np.testing.assert_array_equal(painted.alpha, _PIXELS[..., 0])
    assert sorted((output / "broken.txt").read_text().splitlines()) == [
        f"{photos}/broken.jpg\tnot a picture",
        f"{photos}/sub/empty.png\tthe file is empty",
    ]


@pytest.fixture
def closed(photos):
    """A photo that may not be read; root, who may, becomes someone else."""
    photo, user = photos / "a.png", os.geteuid()
    photo.chmod(0)
    if user == 0:
        os.seteuid(65534)
    yield photo
    os.seteuid(user)


def test_a_photo_that_may_not_be_read(closed):
    (left_out,) = beam._Read().process(str(closed))

    assert left_out.value == f"{closed}\tPermission denied"


def test_a_photo_that_is_gone(photos):
    (left_out,) = beam._Read().process(f"{photos}/gone.png")

    assert left_out.value == f"{photos}/gone.png\tNo such file or directory"


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
        ({"output": str(photos)}, "overwrite the photos"),
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
        f"stylized 1, skipped 1 (listed in {output}/broken.txt)\n"
    )
    assert _files(output) == ["a.png", "broken.txt"]
