import dataclasses

import numpy as np
import pytest

from fast_depth_style.optimization import state
from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.requests import RequestError
from fast_depth_style.training.workdir import write_settings

_SETTINGS = OptimizationSettings(content="a.jpg", style=("b.jpg",))


def test_the_state_that_was_written_is_read(tmp_path):
    picture = np.random.default_rng(0).normal(size=(3, 4, 3)).astype("f4")
    assert state.read_state(tmp_path) is None

    state.write_state(tmp_path, state.State(7, 1, picture))
    found = state.read_state(tmp_path)

    assert (found.done, found.scale) == (7, 1)
    np.testing.assert_array_equal(found.picture, picture)
    assert [p.name for p in tmp_path.iterdir()] == ["state.npz"]


def test_a_damaged_state_is_one_line(tmp_path):
    (tmp_path / "state.npz").write_bytes(b"PK\x03\x04 damaged")

    with pytest.raises(RequestError, match="to begin again"):
        state.read_state(tmp_path)


@pytest.mark.parametrize(
    "changes", [{}, {"iterations": 301}, {"strip_at": (5,)}]
)
def test_the_same_picture_continues(tmp_path, changes):
    write_settings(tmp_path, _SETTINGS.to_json())

    state.require_same_picture(
        tmp_path, dataclasses.replace(_SETTINGS, **changes)
    )


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"iterations": 10}, "iterations was 300 and is now 10"),
        (
            {"style": ("c.jpg",)},
            r"style was \['b.jpg'\] and is now \['c.jpg'\]",
        ),
    ],
)
def test_another_picture_is_refused(tmp_path, changes, says):
    write_settings(tmp_path, _SETTINGS.to_json())

    with pytest.raises(RequestError, match=says):
        state.require_same_picture(
            tmp_path, dataclasses.replace(_SETTINGS, **changes)
        )


def test_what_is_not_ours_is_refused(tmp_path):
    (tmp_path / "settings.json").write_text("[]")

    with pytest.raises(RequestError, match="is not this program's"):
        state.require_same_picture(tmp_path, _SETTINGS)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(RequestError, match="cannot be written"):
        state.require_writable(tmp_path / "none" / "a.png")

    state.require_writable(tmp_path / "a.png")
    assert not [*tmp_path.iterdir()]


def test_the_folder_lies_beside_the_picture(tmp_path):
    assert state.state_folder(tmp_path / "a.png") == tmp_path / "a.run"
