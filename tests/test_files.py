"""Paths as people write them, and files that are whole or not there."""

import os
import pathlib

import pytest

from fast_depth_style import files
from fast_depth_style.errors import RequestError


def test_a_path_is_expanded_and_made_absolute(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    assert files.resolve("~/a/../b.jpg", "input") == tmp_path / "b.jpg"
    assert files.resolve("b.jpg", "input") == tmp_path / "b.jpg"


def test_a_home_that_is_not_there_is_refused():
    with pytest.raises(RequestError, match="--input=~nobody_here/a"):
        files.resolve("~nobody_here/a", "input")


@pytest.mark.parametrize(
    "path, says", [("x" * 300, "File name too long"), ("a\0b", "null")]
)
def test_a_name_that_no_file_can_have_is_refused(path, says):
    with pytest.raises(RequestError, match=f"--input=.*: .*{says}"):
        files.resolve(path, "input")


def test_names_that_are_not_utf8_can_be_written(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")

    files.write_text(path, f"{path.name}\n")

    assert files.printable(path.name) == r"caf\xe9.txt"
    assert path.read_bytes() == b"caf\\udce9.txt\n"


def test_a_file_is_replaced_as_a_whole_or_stays(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"a": 1})
    before = path.read_bytes()

    with pytest.raises(ValueError):
        files.write_json(path, {"a": float("nan")})
    with pytest.raises(ZeroDivisionError), files.replacing(path) as aside:
        aside.write_text("half")
        assert aside.suffix == ".json" and path.read_bytes() == before
        raise ZeroDivisionError

    assert path.read_bytes() == before
    assert [*tmp_path.iterdir()] == [path]


def test_what_a_killed_writer_left_is_written_over(tmp_path):
    path = tmp_path / "a.txt"
    with files.replacing(path) as aside:
        aside.write_text("a")
    aside.write_text("left by a killed process")

    files.write_text(path, "b")

    assert [*tmp_path.iterdir()] == [path] and path.read_text() == "b"


def test_looking_whether_a_place_is_writable_leaves_nothing(tmp_path):
    files.require_writable(tmp_path / "runs" / "a", "workdir")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["{}/file/run", "/proc/run"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, place):
    (tmp_path / "file").write_text("")

    with pytest.raises(RequestError, match="--workdir=.* cannot be written"):
        files.require_writable(place.format(tmp_path), "workdir")


def test_a_disk_without_room_is_refused(tmp_path):
    files.require_space(tmp_path / "runs" / "a", 1, "workdir")
    with pytest.raises(RequestError, match="MiB free, this needs"):
        files.require_space(tmp_path / "runs" / "a", 1 << 60, "workdir")


@pytest.mark.parametrize("kind", ["same", "spelled", "symlink", "hardlink"])
def test_an_output_that_is_an_input_is_refused(tmp_path, kind):
    photo = tmp_path / "a.jpg"
    photo.write_text("")
    output = photo
    if kind == "spelled":
        output = tmp_path / "b" / ".." / "a.jpg"
        (tmp_path / "b").mkdir()
    elif kind != "same":
        output = tmp_path / "b.jpg"
        link = output.symlink_to if kind == "symlink" else output.hardlink_to
        link(photo)

    with pytest.raises(RequestError, match="would overwrite its own input"):
        files.require_different(output, [tmp_path / "c.jpg", photo])
    files.require_different(tmp_path / "d.jpg", [photo])


def test_only_new_empty_or_own_folders_are_written_to(tmp_path):
    files.require_own_folder(tmp_path / "new", "workdir", "run")
    files.require_own_folder(tmp_path, "workdir", "run")

    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(RequestError, match="holds other files .README.md."):
        files.require_own_folder(tmp_path, "workdir", "run")
    with pytest.raises(RequestError, match="is a file"):
        files.require_own_folder(tmp_path / "README.md", "workdir", "run")
    files.require_own_folder(tmp_path, "workdir", "run", ("README.md",))
    files.mark_own_folder(tmp_path, "run")
    files.require_own_folder(tmp_path, "workdir", "run")
    with pytest.raises(RequestError, match="holds other files .README.md."):
        files.require_own_folder(tmp_path, "workdir", "page")


def test_only_in_our_own_folder_files_are_replaced(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "a.png").touch()
    for folder in (ours, ours, theirs):
        files.claim_folder(folder, [folder / "b.png"], "output")
    (ours / "a.png").touch()

    files.claim_folder(ours, [ours / "a.png"], "output")
    with pytest.raises(RequestError, match="holds a file of that name"):
        files.claim_folder(theirs, [theirs / "a.png"], "output")

    assert [p.name for p in theirs.iterdir()] == ["a.png"]
    files.mark_own_folder(theirs, "model")
    with pytest.raises(RequestError, match="holds a file of that name"):
        files.claim_folder(theirs, [theirs / "a.png"], "output")


def test_a_folder_is_known_by_what_it_holds(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "a.jpg").write_text("a")
    one = files.digest(tmp_path / "one")

    assert files.digest(f"{tmp_path}/one/") == one
    assert files.digest(tmp_path / "other") == one
    (tmp_path / "other" / "b.jpg").write_text("b")
    assert files.digest(tmp_path / "other") != one
    file = pathlib.Path(tmp_path / "one" / "deep" / "a.jpg")
    before = files.digest(file)
    file.write_text("b")
    assert files.digest(file) != before
