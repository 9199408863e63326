"""Programs that are timed in turns, each in a process of its own.

So the peak of memory is its own, no two libraries share threads, and none
slows another's start.
"""

import multiprocessing
import pathlib
import re
import statistics
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_SPAWN = multiprocessing.get_context("spawn")
_PAUSE = 0.3
"""Seconds after a turn in which the threads of a library, which spin for a
while before they sleep, come to rest."""


class TimedProcess:
    """A process that has loaded a program and waits for its turns.

    Attributes:
        results: What the program computed once, to be compared.
        seconds: Of every turn that counted.
        peak_bytes: The largest memory that the process held, after `stop`.
    """

    def __init__(self, load: Callable[..., Any], **arguments: Any):
        """Starts the process and waits until it is ready.

        `load(**arguments)` returns the results and a function that does one
        turn; it is a module's function.

        Raises:
            RuntimeError: It failed; has its traceback.
        """
        self.seconds: list[float] = []
        self.peak_bytes = 0
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_serve, args=(theirs, load, arguments), daemon=True
        )
        self._process.start()
        theirs.close()
        self.results = self._answer()

    def turn(self, counts: bool = True) -> None:
        """Does one turn."""
        self._pipe.send(True)
        seconds = self._answer()
        if counts:
            self.seconds.append(seconds)

    def stop(self) -> None:
        """Ends the process."""
        self._pipe.send(False)
        self.peak_bytes = self._answer()
        self._process.join()

    def _answer(self):
        try:
            failed, answer = self._pipe.recv()
        except EOFError:
            self._process.join()
            failed, answer = True, f"exit code {self._process.exitcode}"
        if failed:
            raise RuntimeError(f"a timed program failed: {answer}")
        return answer


def take_turns(
    processes: Sequence[TimedProcess], rounds: int, warm_up: int
) -> None:
    """Lets processes take turns, A B A B and so on, then stops them.

    The first `warm_up` rounds do not count.
    """
    for index in range(warm_up + rounds):
        for process in processes:
            process.turn(index >= warm_up)
            time.sleep(_PAUSE)
    for process in processes:
        process.stop()


def table(processes: Mapping[str, TimedProcess], reference: str) -> str:
    """A Markdown table of times and their ratios to the reference's.

    A ratio is the median of the ratios within a round, so that what the
    machine does meanwhile falls on both.
    """
    others = processes[reference]
    rows = [
        f"| | median s | peak MiB | / {reference} | memory |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, each in processes.items():
        pairs = zip(each.seconds, others.seconds, strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        memory = each.peak_bytes / others.peak_bytes
        rows.append(
            f"| {name} | {statistics.median(each.seconds):.3f} |"
            f" {each.peak_bytes >> 20} | {ratio:.2f} | {memory:.2f} |"
        )
    return "\n".join(rows)


def _serve(pipe, load, arguments):
    """The process's side."""
    try:
        results, turn = load(**arguments)
        pipe.send((False, results))
        while pipe.recv():
            start = time.perf_counter()
            turn()
            pipe.send((False, time.perf_counter() - start))
        pipe.send((False, _peak_bytes()))
    except Exception:
        pipe.send((True, traceback.format_exc()))


def _peak_bytes():
    # Of this program alone; ru_maxrss begins with the parent's, of the fork.
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024
