"""A contestant: one implementation, in a process of its own.

So its peak of memory is its own, no two libraries share threads, and none
slows another's start. The process loads, computes once for the comparison of
results, and then waits for `go`: each is one round, answered with the seconds
that it took.
"""

import contextlib
import importlib
import io
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from fast_depth_style.benchmarking.comparison import Measurement

_PAUSE = 0.3
"""Seconds after a turn in which the worker threads of a library, which spin
for a while before they sleep, come to rest."""


class ContestantFailed(RuntimeError):
    """A contestant's process ended before its time; says its last words."""


class Contestant:
    """A running contestant.

    Attributes:
        name: As it is shown.
        results: What it computed, {name: array}.
    """

    def __init__(self, name: str, factory: Callable, /, **arguments):
        """Starts the process and waits until it is ready.

        Args:
            name: As it is shown.
            factory: A module's function that loads the contestant: returns
                its results, {name: array}, and a function that does one round.
            **arguments: Of `factory`, JSON-ready.

        Raises:
            ContestantFailed: The process could not make it ready.
        """
        self.name = name
        # Libraries say much while they load: shown only if something fails.
        self._words = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                __name__,
                factory.__module__,
                factory.__qualname__,
                json.dumps(arguments),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
        )
        try:
            size = int(self._answer())
            data = self._process.stdout.read(size)
            with np.load(io.BytesIO(data)) as file:
                self.results = dict(file)
        except BaseException:
            self.stop()
            raise

    def go(self) -> float:
        """Runs one round; returns the seconds it took."""
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()
        return float(self._answer())

    def finish(self) -> int:
        """Ends the process; returns the peak of its memory in bytes."""
        self._process.stdin.close()
        peak = int(self._answer())
        self.stop()
        return peak

    def stop(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._words.close()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._words.seek(0)
            words = self._words.read().decode(errors="replace")
            raise ContestantFailed(
                f"{self.name} failed with exit code {code}:\n{words}"
            )
        return line


@contextlib.contextmanager
def started(
    calls: Mapping[str, tuple[Callable, Mapping]],
) -> Iterator[list[Contestant]]:
    """Contestants that are started one after the other, and ended at last.

    Args:
        calls: {name: (factory, its arguments)}; see `Contestant`.
    """
    with contextlib.ExitStack() as stack:
        contestants = []
        for name, (factory, arguments) in calls.items():
            contestants.append(Contestant(name, factory, **arguments))
            stack.callback(contestants[-1].stop)
        yield contestants


def race(
    contestants: Sequence[Contestant],
    rounds: int,
    warm_up: int,
    track: Callable = iter,
) -> list[Measurement]:
    """Lets contestants take turns, A B A B and so on.

    Args:
        contestants: Those that are ready; they end with the race.
        rounds: Rounds that count.
        warm_up: Rounds before them that do not.
        track: Wraps the sequence of rounds, to show progress.
    """
    seconds = {each.name: [] for each in contestants}
    for index in track(range(warm_up + rounds)):
        for each in contestants:
            taken = each.go()
            time.sleep(_PAUSE)
            if index >= warm_up:
                seconds[each.name].append(taken)
    return [
        Measurement(each.name, tuple(seconds[each.name]), each.finish())
        for each in contestants
    ]


def _serve(module: str, factory: str, arguments: str) -> None:
    """The process's side."""
    # What libraries print goes to stderr; stdout is for the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def answer(data):
        answers.write(data)
        answers.flush()

    results, turn = getattr(importlib.import_module(module), factory)(
        **json.loads(arguments)
    )
    data = io.BytesIO()
    np.savez(data, **results)
    answer(b"%d\n" % len(data.getvalue()))
    answer(data.getvalue())
    for _ in sys.stdin:
        start = time.perf_counter()
        turn()
        answer(b"%r\n" % (time.perf_counter() - start))
    answer(b"%d\n" % _peak_bytes())


def _peak_bytes() -> int:
    # Linux carries the peak of the parent, at the moment of the fork, over
    # into ru_maxrss; VmHWM begins with the program.
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    _serve(*sys.argv[1:])
