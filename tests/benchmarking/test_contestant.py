import sys

import numpy as np
import pytest

from fast_depth_style.benchmarking.contestant import (
    Contestant,
    ContestantFailed,
    race,
    started,
)

_MODULE = """
import pathlib, sys, time
import numpy as np

def quick(log, name="quick", pause=0.01, megabytes=0):
    print("chatter on stdout")
    ballast = np.ones(megabytes << 20, "uint8")

    def turn():
        with open(log, "a") as file:
            file.write(f"{name} begins\\n")
        time.sleep(pause)
        with open(log, "a") as file:
            file.write(f"{name} ends\\n")

    return {"answer": np.arange(5), "scalar": 2.5}, turn

def broken():
    sys.stderr.write("the reason\\n")
    sys.exit(3)

def breaking():
    def turn():
        raise RuntimeError("no more")
    return {}, turn
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "contestants_of_the_test.py").write_text(_MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("contestants_of_the_test", None)
    import contestants_of_the_test

    return contestants_of_the_test


def test_a_race(module, tmp_path):
    log = tmp_path / "log"
    calls = {
        "A": (module.quick, {"log": str(log), "name": "A", "megabytes": 200}),
        "B": (module.quick, {"log": str(log), "name": "B", "pause": 0.1}),
    }
    with started(calls) as contestants:
        np.testing.assert_array_equal(
            contestants[0].results["answer"], np.arange(5)
        )
        assert contestants[1].results["scalar"] == 2.5
        a, b = race(contestants, rounds=2, warm_up=1)

    # In turns, no two at a time.
    turns = ["A begins", "A ends", "B begins", "B ends"]
    assert log.read_text().splitlines() == turns * 3
    assert (a.name, b.name) == ("A", "B")
    assert len(a.seconds) == len(b.seconds) == 2
    assert min(b.seconds) >= 0.1 > 0.01 <= min(a.seconds)
    # Each process has a peak of its own.
    assert 190 < (a.peak_bytes - b.peak_bytes) / 2**20 < 210


def test_the_peak_is_not_that_of_the_parent(module, tmp_path):
    ballast = np.ones(500 << 20, "uint8")
    contestant = Contestant("A", module.quick, log=str(tmp_path / "log"))
    del ballast

    assert contestant.finish() < 400 << 20


def test_a_contestant_that_cannot_start_says_why(module):
    with pytest.raises(ContestantFailed) as failure:
        Contestant("A", module.broken)
    assert "A failed with exit code 3" in str(failure.value)
    assert "the reason" in str(failure.value)


def test_a_contestant_that_breaks_says_why_and_the_others_end(module, tmp_path):
    calls = {
        "A": (module.quick, {"log": str(tmp_path / "log")}),
        "B": (module.breaking, {}),
    }
    with pytest.raises(ContestantFailed, match="no more"):
        with started(calls) as contestants:
            race(contestants, rounds=1, warm_up=0)
    for contestant in contestants:
        assert contestant._process.poll() is not None
