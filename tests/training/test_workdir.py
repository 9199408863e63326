import dataclasses
import pathlib
import subprocess

import pytest

from fast_depth_style.requests import RequestError
from fast_depth_style.training import workdir as workdirs
from fast_depth_style.training.settings import Settings

_SETTINGS = Settings(style="a.jpg", content="photos", steps=100)


def test_settings_come_back_as_they_were_written(tmp_path):
    workdir = tmp_path / "runs" / "a"
    assert workdirs.read_settings(workdir) is None

    workdirs.write_settings(workdir, _SETTINGS.to_json())

    assert workdirs.read_settings(workdir) == _SETTINGS
    assert [p.name for p in workdir.iterdir()] == ["settings.json"]


def test_a_strange_settings_file_is_refused(tmp_path):
    (tmp_path / "settings.json").write_text('{"colour": "red"}')

    with pytest.raises(RequestError, match="is not this program's"):
        workdirs.read_settings(tmp_path)


def test_the_same_run_may_go_on_and_be_made_longer(tmp_path):
    workdirs.require_same_run(tmp_path, _SETTINGS)
    workdirs.write_settings(tmp_path, _SETTINGS.to_json())

    workdirs.require_same_run(tmp_path, _SETTINGS)
    workdirs.require_same_run(
        tmp_path, dataclasses.replace(_SETTINGS, steps=200)
    )


def test_another_run_is_refused_with_the_difference(tmp_path):
    workdirs.write_settings(tmp_path, _SETTINGS.to_json())
    other = dataclasses.replace(_SETTINGS, style="b.jpg", steps=50)

    with pytest.raises(RequestError) as refused:
        workdirs.require_same_run(tmp_path, other)

    assert "style was a.jpg and is now b.jpg" in str(refused.value)
    assert "steps was 100 and is now 50" in str(refused.value)
    assert workdirs.read_settings(tmp_path) == _SETTINGS


def test_looking_whether_a_folder_is_writable_leaves_no_trace(tmp_path):
    workdirs.require_writable(tmp_path / "runs" / "a")

    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")

    for place in (tmp_path / "file" / "run", pathlib.Path("/proc/run")):
        with pytest.raises(RequestError, match="cannot be written"):
            workdirs.require_writable(place)


def test_a_disk_without_room_is_refused(tmp_path):
    workdirs.require_space(tmp_path / "runs" / "a", 1)

    with pytest.raises(RequestError, match="MiB free, a run needs"):
        workdirs.require_space(tmp_path / "runs" / "a", 1 << 60)


def test_a_small_disk_is_refused(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        with pytest.raises(RequestError, match="has 1 MiB free"):
            workdirs.require_space(tmp_path / "run", 2 << 20)
    finally:
        subprocess.run(["umount", tmp_path], check=True)
