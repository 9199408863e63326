import os

import pytest
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.images.folder import list_pictures, look_through


def _picture(path, format="PNG"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4)).save(path, format)


def test_what_looks_like_a_picture_is_found_or_named(tmp_path):
    found = ["a.png", "b.JPG", "c.heic", "deep/d.webp", "deep/e.mpo", "f"]
    for name in found:
        _picture(tmp_path / name)
    left_out = {
        "clip.MOV": "a video",
        "deep/raw.CR2": "raw file",
        "drawing.svg": "vector",
        "gone.jpg": "a broken link",
        "pipe.jpg": "not a regular file",
        "song": "a video",
    }
    for name in ("clip.MOV", "deep/raw.CR2", "drawing.svg"):
        (tmp_path / name).touch()
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "song").write_bytes(b"\x1a\x45\xdf\xa3 Matroska")
    for name in ("notes.txt", ".hidden.jpg", "jpg"):
        (tmp_path / name).write_text("BM is no bitmap")
    _picture(tmp_path / ".git" / "e.jpg")
    pictures, others = look_through(str(tmp_path))
    assert pictures == sorted(tmp_path / name for name in found)
    assert list(others) == sorted(tmp_path / name for name in left_out)
    for name, reason in left_out.items():
        assert reason in others[tmp_path / name]


def test_links_are_followed_once(tmp_path):
    _picture(tmp_path / "in" / "z" / "a.png")
    _picture(tmp_path / "out" / "b.png")
    for link, target in (
        ("in/again", "in/z"),
        ("in/other", "out"),
        ("in/second", "out"),
        ("in/z/up", "in"),
        ("out/round", "in/z"),
    ):
        (tmp_path / link).symlink_to(tmp_path / target)
    assert list_pictures(tmp_path / "in") == [
        tmp_path / "in" / "other" / "b.png",
        tmp_path / "in" / "z" / "a.png",
    ]


def test_a_folder_that_may_not_be_read_is_named(tmp_path):
    _picture(tmp_path / "a.png")
    _picture(tmp_path / "shut" / "b.png")
    (tmp_path / "shut").chmod(0)
    user = os.geteuid()
    for folder in (tmp_path, *tmp_path.parents):
        if user == 0 and not folder.stat().st_mode & 0o005 == 0o005:
            folder.chmod(folder.stat().st_mode | 0o055)
    if user == 0:  # Root may read all: become somebody else.
        os.seteuid(65534)
    try:
        pictures, left_out = look_through(tmp_path)
        with pytest.raises(RequestError, match="shut: permission denied"):
            look_through(tmp_path / "shut")
    finally:
        os.seteuid(user)
        (tmp_path / "shut").chmod(0o755)
    assert pictures == [tmp_path / "a.png"]
    assert left_out == {tmp_path / "shut": "permission denied"}


def test_a_folder_is_wanted(tmp_path):
    with pytest.raises(RequestError, match="no such folder"):
        list_pictures(tmp_path / "none")
    (tmp_path / "a.jpg").touch()
    with pytest.raises(RequestError, match="not a folder"):
        list_pictures(tmp_path / "a.jpg")


def test_a_link_that_cannot_be_followed_is_named(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "loop.png").symlink_to("loop.png")

    pictures, left_out = look_through(tmp_path)

    assert pictures == [tmp_path / "a.png"]
    assert [*left_out] == [tmp_path / "loop.png"]
