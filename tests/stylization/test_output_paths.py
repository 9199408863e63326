import os

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.stylization.output_paths import (
    style_name,
    target_path,
    target_paths,
    without_done,
)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name in ("b.JPG", "a.bmp", "a.png", "sub/c.gif", "sub/d.tiff"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(path)
    return folder


def _folder_paths(source, output):
    """Where the paintings of one folder go."""
    return target_paths([source], output, "wave")


def test_a_folder_is_mirrored(photos, tmp_path):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(photos / "e.gif", save_all=True, append_images=frames[1:])
    Image.new("RGB", (8, 8)).save(photos / "no_suffix", "PNG")
    output = tmp_path / "out"
    targets, left_out = _folder_paths(photos, output)
    expected = {
        "a.bmp": "a.bmp.png",
        "a.png": "a.png",
        "b.JPG": "b.JPG",
        "e.gif": "e.gif",
        "no_suffix": "no_suffix.png",
        "sub/c.gif": "sub/c.png",
        "sub/d.tiff": "sub/d.tiff",
    }
    assert targets == {photos / p: output / t for p, t in expected.items()}
    assert not output.exists() and not left_out


def test_where_one_picture_is_made_of_stills(tmp_path):
    gif, video = tmp_path / "a.gif", tmp_path / "a.mp4"
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(gif, save_all=True, append_images=frames[1:])
    video.touch()

    target = target_path(gif, f"{tmp_path}/out/", stills=True)[1]
    assert target == tmp_path / "out" / "a.png"
    with pytest.raises(RequestError, match="cannot write .gif"):
        target_path(gif, tmp_path / "b.gif", stills=True)
    with pytest.raises(RequestError, match="out: a folder"):
        (tmp_path / "out").mkdir()
        target_path(tmp_path / "out", tmp_path / "b.png")
    os.mkfifo(tmp_path / "pipe.png")
    for find in (target_path, _folder_paths):
        with pytest.raises(RequestError, match="png: not a regular file"):
            find(tmp_path / "pipe.png", tmp_path / "b.png")
    with pytest.raises(RequestError, match="a video: give a photo"):
        target_path(video, tmp_path / "b.png", stills=True)


def test_a_name_that_the_style_makes_too_long_is_left_out(photos):
    long = photos / ("n" * 245 + ".png")
    (photos / "a.png").rename(long)

    targets, left_out = target_paths([photos], None, "great_wave")

    assert long not in targets and photos / "b.JPG" in targets
    assert "File name too long" in left_out[long]
    with pytest.raises(RequestError, match="File name too long"):
        target_paths([long], None, "great_wave")


def test_no_two_photos_share_a_name_and_paintings_are_no_photos(tmp_path):
    for name in ("a.bmp", "a.gif", "a.gif.png", "a.png"):
        Image.new("RGB", (20, 20)).save(tmp_path / name)
    targets, _ = planned = _folder_paths(tmp_path, tmp_path / "out")
    assert len(set(targets.values())) == 4
    (tmp_path / "out").mkdir()
    Image.new("RGB", (20, 20)).save(tmp_path / "out" / "a.png")
    assert _folder_paths(tmp_path, tmp_path / "out") == planned


@pytest.mark.parametrize(
    "source,output,target",
    [
        ("b.JPG", "new/x.webp", "new/x.webp"),
        ("b.JPG", "there", "there/b.JPG"),
        ("b.JPG", "new/", "new/b.JPG"),
        ("sub/c.gif", "there", "there/c.png"),
        ("clip.MOV", "x.mp4", "x.mp4"),
        ("clip.MOV", "there", "there/clip.MOV"),
        ("clip.avi", "there", "there/clip.mp4"),
    ],
)
def test_a_photo_or_video_goes_to_a_file_or_into_a_folder(
    photos, tmp_path, source, output, target
):
    (photos / "clip.MOV").touch()
    (photos / "clip.avi").touch()
    (tmp_path / "there").mkdir()
    # A string, since pathlib drops the slash at the end.
    planned = target_path(photos / source, f"{tmp_path}/{output}")
    assert planned == (photos / source, tmp_path / target)


@pytest.mark.parametrize(
    "make,source,output,message",
    [
        (target_path, "nothing.jpg", "x.jpg", "no such file"),
        (target_path, "b.JPG", "x.gif", "cannot write .gif"),
        (target_path, "b.JPG", "x", "without suffix"),
        (target_path, "b.JPG", "b.JPG", "overwrite its own input"),
        (target_path, "b.JPG", "link.jpg", "overwrite its own input"),
        (target_path, "b.JPG", "a.bmp/x.jpg", "is a file"),
        (target_path, "b.mov", "x.png", "a video is written as"),
        (target_path, "b.mov", "b.mov", "overwrite its own input"),
        (_folder_paths, ".", ".", "overwrite its own input"),
        (_folder_paths, ".", "../linked", "overwrite its own input"),
        (_folder_paths, ".", "a.png", "give a folder"),
        (_folder_paths, ".", "new.mp4", "give a folder"),
        (_folder_paths, "empty", "out", "no picture"),
        (_folder_paths, "nowhere", "out", "no such file"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    photos, make, source, output, message
):
    (photos / "empty").mkdir()
    (photos / "b.mov").touch()
    (photos / "link.jpg").symlink_to(photos / "b.JPG")
    (photos.parent / "linked").symlink_to(photos)
    before = sorted(photos.parent.rglob("*"))
    with pytest.raises(RequestError, match=message) as error:
        make(photos / source, photos / output)
    assert "\n" not in str(error.value)
    assert sorted(photos.parent.rglob("*")) == before


def test_several_go_into_a_folder_each_under_its_name(photos, tmp_path):
    (tmp_path / "clip.avi").touch()
    sources = photos, tmp_path / "clip.avi", photos / "sub" / "c.gif"

    targets, left_out = target_paths(sources, tmp_path / "out", "wave")

    expected = {
        "photos/a.bmp": "photos/a.bmp.png",
        "photos/a.png": "photos/a.png",
        "photos/b.JPG": "photos/b.JPG",
        "photos/sub/c.gif": "c.png",  # Named last.
        "photos/sub/d.tiff": "photos/sub/d.tiff",
        "clip.avi": "clip.mp4",
    }
    place = tmp_path / "out"
    assert targets == {tmp_path / p: place / t for p, t in expected.items()}
    assert not place.exists() and not left_out


def test_without_an_output_paintings_land_beside_their_photos(photos):
    (photos / "clip.mov").touch()
    Image.new("RGB", (8, 8)).save(photos / "no_suffix", "PNG")
    sources = photos, photos / "clip.mov", photos / "b.JPG"

    targets, left_out = target_paths(sources, None, "wave")

    assert {p.name: t.name for p, t in targets.items()} == {
        "a.bmp": "a.wave.bmp.png",
        "a.png": "a.wave.png",
        "b.JPG": "b.wave.JPG",
        "c.gif": "c.wave.png",
        "d.tiff": "d.wave.tiff",
        "no_suffix": "no_suffix.wave.png",
        "clip.mov": "clip.wave.mov",
    }
    assert all(t.parent == p.parent for p, t in targets.items())
    assert not left_out  # The video was named itself.


def test_paintings_of_earlier_runs_are_no_photos(photos):
    before, _ = target_paths([photos], None, "wave")
    for target in before.values():
        Image.new("RGB", (8, 8)).save(target)

    for style in ("wave", "udnie"):
        targets, left_out = target_paths([photos], None, style)
        assert {*targets} == {*before} and {*left_out} == {*before.values()}
        assert all("taken for a painting" in r for r in left_out.values())
    # One that is named alone is meant.
    (named,), left_out = target_paths([before[photos / "a.png"]], None, "udnie")
    assert named == photos / "a.wave.png" and not left_out


@pytest.mark.parametrize(
    "sources, output, message",
    [
        ([], None, "nothing to paint"),
        (["b.JPG", "nowhere.jpg"], None, "nowhere.jpg: no such file"),
        (["b.JPG", "a.png"], "one.png", "and several inputs: give a folder"),
        (["b.JPG", "sub/b.JPG"], "out", "would both be"),
        (["b.JPG", "a.png"], ".", "overwrite its own input"),
        (["empty"], None, "no picture in this folder"),
        (["b.JPG", "a.png"], "a.bmp/x", "is a file"),
    ],
)
def test_several_that_cannot_be_are_refused(photos, sources, output, message):
    (photos / "empty").mkdir()
    (photos / "sub" / "b.JPG").write_bytes((photos / "b.JPG").read_bytes())
    output = output and photos / output
    before = sorted(photos.rglob("*"))
    with pytest.raises(RequestError, match=message) as error:
        target_paths([photos / source for source in sources], output, "wave")
    assert "\n" not in str(error.value)
    assert sorted(photos.rglob("*")) == before


def test_a_model_is_called_as_its_folder(tmp_path):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    for path, name in (
        ("models/wave", "wave"),
        ("models/wave/12", "wave"),
        ("run", "run"),
        ("run/model", "run"),
        ("run/model/1", "run"),
        ("other/model/1", "model"),
    ):
        assert style_name(tmp_path / path, None) == name
    for style, name in (
        ("udnie", "udnie"),
        ("great_wave:0.7,udnie:0.3", "great_wave_0.7_udnie_0.3"),
        ("a/b/mine.style:2,udnie", "mine_2_udnie"),
        ("/", "style"),
    ):
        assert style_name(tmp_path, style) == name


def test_paths_are_what_the_user_meant(photos, monkeypatch):
    monkeypatch.setenv("HOME", str(photos))
    target = photos / "out" / "a.png"
    assert target_path("~/a.png", "~/out/") == (photos / "a.png", target)
    with pytest.raises(RequestError, match="--input= is empty"):
        _folder_paths("", photos / "out")
    with pytest.raises(RequestError, match="--output= is empty"):
        _folder_paths(photos, " ")


def test_done_photos_are_left_out(photos, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights").touch()
    targets, _ = _folder_paths(photos, tmp_path / "out")
    done, old, *missing = targets
    for photo in (done, old):
        targets[photo].parent.mkdir(exist_ok=True)
        targets[photo].touch()
    os.utime(old, (2**32, 2**32))  # It was changed after it was painted.
    assert list(without_done(targets, model)) == [old, *missing]
    os.utime(model / "weights", (2**32, 2**32))
    assert without_done(targets, model) == targets
