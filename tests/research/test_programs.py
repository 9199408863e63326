import pathlib
import subprocess
import sys

import pytest

_RESEARCH = pathlib.Path(__file__).parents[2] / "research"


@pytest.mark.parametrize(
    "command, says",
    [
        ("distill.py depth --workdir=w", "missing --photos=…"),
        ("distill.py depth --workdir=w --photos=p", "--photos=p: no such"),
        ("distill.py depth --workdir= --photos=.", "--workdir= is empty"),
        ("distill.py perceptual --workdir=w --photos=.", "--paintings= is"),
        ("distill.py sleep --workdir=w --photos=.", "depth or perceptual"),
        ("reproduce.py --workdir=w", "missing --material=…"),
        ("benchmark.py stylize --rounds=0", "--rounds=0"),
        ("stylizing_times.py sleep", "styles or command"),
        ("shipped_styles.py --workdir=w", "missing --material=…"),
        ("depth_dial.py --material=m --output=o", "--material=m: no folder"),
        ("rooms.py --material=m --output=o", "--material=m: no folder"),
    ],
)
def test_a_wrong_request_is_one_line_and_writes_nothing(
    command, says, tmp_path
):
    program, *arguments = command.split()
    done = subprocess.run(
        [sys.executable, _RESEARCH / program, *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr and done.stderr.count("\n") == 1
    assert not any(tmp_path.iterdir())
