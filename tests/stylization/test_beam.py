import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.files import MARK
from fast_depth_style.images.files import read_picture, read_rgb
from fast_depth_style.stylization import tiles
from fast_depth_style.stylization.model import load_styled

pytest.importorskip("apache_beam")

from apache_beam.io.localfilesystem import LocalFileSystem  # noqa: E402

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
    (folder / "sub" / "f.MP4").write_bytes(b"")
    (folder / "sub" / "g.jxl").write_bytes(b"")
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
        assert counts == beam.Counts(stylized=4, broken=5)

    written = "a.png broken.txt sub/b.bmp.png sub/d.gif.png sub/deep/c.webp"
    assert _files(output) == [MARK, *written.split()]
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
        f"{photos}/sub/f.MP4\ta video: stylize paints it",
        f"{photos}/sub/g.jxl\tJPEG XL is not read: convert it to .png or .jpg",
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
    assert _files(output) == [MARK, "a.png", "broken.txt"]


@pytest.mark.parametrize("name", ["a.png", beam.BROKEN])
def test_files_of_others_are_not_replaced(name, small_model, photos, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / name).write_text("mine")

    with pytest.raises(RequestError, match=f"theirs/{name}"):
        beam.stylize_files(str(small_model), str(photos), str(theirs), _RUNNER)

    assert _files(theirs) == [name]
    assert (theirs / name).read_text() == "mine"


def test_no_photo_is_overwritten_through_a_link(small_model, photos, tmp_path):
    output = tmp_path / "out"
    output.mkdir()
    (output / "sub").symlink_to(photos / "sub")
    (photos / "sub" / "e.png").write_bytes((photos / "a.png").read_bytes())

    with pytest.raises(RequestError, match="overwrite its own input"):
        beam.stylize_files(str(small_model), str(photos), str(output), _RUNNER)


def test_two_photos_of_one_painting_are_refused(small_model, photos, tmp_path):
    (photos / "sub" / "b.bmp.png").write_bytes((photos / "a.png").read_bytes())

    with pytest.raises(RequestError, match="would both be .*/sub/b.bmp.png"):
        beam.stylize_files(
            str(small_model), str(photos), f"{tmp_path}/out", _RUNNER
        )


class _Bucket(LocalFileSystem):
    """What is far://x is /x here: another file system, for Beam."""

    @classmethod
    def scheme(cls):
        return "far"

    def join(self, basepath, *paths):
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path):
        head, _, tail = path.rpartition("/")
        return head, tail

    def exists(self, path):
        return super().exists(_here(path))

    def mkdirs(self, path):
        super().mkdirs(_here(path))

    def _list(self, folder):
        for found in super()._list(_here(folder)):
            found.path = f"far:/{found.path}"
            yield found

    def metadata(self, path):
        found = super().metadata(_here(path))
        found.path = path
        return found

    def create(self, path, *args, **options):
        return super().create(_here(path), *args, **options)

    def open(self, path, *args, **options):
        return super().open(_here(path), *args, **options)

    def rename(self, sources, targets):
        super().rename([*map(_here, sources)], [*map(_here, targets)])

    def delete(self, paths):
        super().delete([*map(_here, paths)])


def _here(path):
    return path.removeprefix("far:/")


def test_files_of_others_in_a_bucket_are_not_replaced(small_model, photos):
    folder, theirs = photos.parent / "out", photos.parent / "theirs"
    theirs.mkdir()
    (theirs / "a.png").write_text("mine")
    request = str(small_model), f"{photos}/a.*"
    for _ in range(2):
        counts = beam.stylize_files(*request, f"far:/{folder}", _RUNNER)
        assert counts.stylized == 1

    with pytest.raises(RequestError, match="theirs/a.png"):
        beam.stylize_files(*request, f"far:/{theirs}", _RUNNER)

    assert _files(folder) == [MARK, "a.png", "broken.txt"]
    assert _files(theirs) == ["a.png"]
