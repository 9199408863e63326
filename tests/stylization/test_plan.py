import pathlib

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.requests import RequestError
from fast_depth_style.stylization import plan


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name in ("b.JPG", "a.bmp", "a.png", "sub/c.gif", "sub/d.tiff"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(path)
    return folder


def _names(planned, source, output):
    return {
        str(photo.relative_to(source)): str(target.relative_to(output))
        for photo, target in planned.items()
    }


def test_a_folder_is_mirrored(photos, tmp_path):
    output = tmp_path / "out"
    planned = plan.plan_folder(photos, output)
    assert _names(planned, photos, output) == {
        "a.bmp": "a.bmp.png",
        "a.png": "a.png",
        "b.JPG": "b.JPG",
        "sub/c.gif": "sub/c.png",
        "sub/d.tiff": "sub/d.tiff",
    }
    assert not output.exists()


def test_no_two_photos_share_a_name(tmp_path):
    for name in ("a.bmp", "a.gif", "a.gif.png", "a.png"):
        Image.new("RGB", (20, 20)).save(tmp_path / name)
    targets = plan.plan_folder(tmp_path, tmp_path / "out").values()
    assert len(set(targets)) == 4


def test_output_inside_the_input_is_not_read(photos):
    output = photos / "painted"
    before = plan.plan_folder(photos, output)
    output.mkdir()
    Image.new("RGB", (20, 20)).save(output / "a.png")
    assert plan.plan_folder(photos, output) == before


def test_a_photo_goes_to_a_file_or_into_a_folder(photos, tmp_path):
    photo, gif = photos / "b.JPG", photos / "sub" / "c.gif"
    (tmp_path / "there").mkdir()
    for source, output, target in (
        (photo, "new/x.webp", "new/x.webp"),
        (photo, "there", "there/b.JPG"),
        (photo, "new/", "new/b.JPG"),
        (gif, "there", "there/c.png"),
    ):
        # A string, since pathlib drops the slash at the end.
        planned = plan.plan_file(source, f"{tmp_path}/{output}")
        assert planned == {source: tmp_path / target}


@pytest.mark.parametrize(
    "make,source,output,message",
    [
        (plan.plan_file, "nothing.jpg", "x.jpg", "no such file"),
        (plan.plan_file, "b.JPG", "x.gif", "cannot write .gif"),
        (plan.plan_file, "b.JPG", "x", "without suffix"),
        (plan.plan_file, "b.JPG", "b.JPG", "overwrite a photo"),
        (plan.plan_file, "b.JPG", "a.bmp/x.jpg", "cannot write there"),
        (plan.plan_folder, ".", ".", "overwrite a photo"),
        (plan.plan_folder, ".", "a.png", "cannot write there"),
        (plan.plan_folder, "empty", "out", "no picture"),
        (plan.plan_folder, "nowhere", "out", "no such folder"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    photos, make, source, output, message
):
    (photos / "empty").mkdir()
    with pytest.raises(RequestError, match=message) as error:
        make(photos / source, photos / output)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(
    not pathlib.Path("/proc/self").exists(), reason="no folder that refuses"
)
def test_a_folder_that_refuses_files(photos):
    with pytest.raises(RequestError, match="cannot write there"):
        plan.plan_folder(photos, "/proc/paintings")


def test_a_video_stays_a_video(tmp_path):
    clip = tmp_path / "clip.MOV"
    clip.touch()
    (tmp_path / "out").mkdir()
    for output, target in (("x.mp4", "x.mp4"), ("out", "out/clip.MOV")):
        planned = plan.plan_video(clip, tmp_path / output)
        assert planned == {clip: tmp_path / target}
    with pytest.raises(RequestError, match="a video is written as"):
        plan.plan_video(clip, tmp_path / "x.png")
