"""Progress: a bar on a terminal, a line every so often elsewhere."""

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import IO, TypeVar

import tqdm

_T = TypeVar("_T")
_SECONDS_APART = 30.0
"""Between two lines where nobody watches."""


class Progress:
    """Things done of all, rate and ETA, and what else is to be shown."""

    def __init__(
        self,
        total: int | None,
        start: int = 0,
        unit: str = "it",
        title: str | None = None,
        stream: IO[str] | None = None,
    ):
        """Starts the display; the arguments are those of tqdm.

        On a terminal it is a bar, elsewhere a plain line every 30 seconds; it
        goes to stderr by default.
        """
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._said = time.monotonic()
        self._bar = tqdm.tqdm(
            total=total,
            initial=start,
            unit=unit,
            desc=title,
            file=self._stream,
            dynamic_ncols=True,
            disable=False,
            # Without a terminal the bar only keeps count.
            delay=0 if self._terminal else float("inf"),
            leave=self._terminal,
        )

    @property
    def rate(self) -> float | None:
        """Things a second, None at first."""
        known = self._bar.format_dict
        done = known["n"] - known["initial"]
        # A bar that is not shown has no rate of its own.
        return known["rate"] or (done / known["elapsed"] if done else None)

    def update(self, count: int = 1, text: str = "") -> None:
        """Moves on by `count`, and shows `text` behind the bar."""
        if text:
            self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(count)
        if (
            not self._terminal
            and time.monotonic() - self._said >= _SECONDS_APART
        ):
            self._say()

    def close(self) -> None:
        """Ends the display, whatever ended the work."""
        if not self._terminal:
            self._say()
        self._bar.close()

    def _say(self) -> None:
        # Where nobody reads it any more, the work goes on.
        with contextlib.suppress(OSError):
            print(str(self._bar), file=self._stream, flush=True)
        self._said = time.monotonic()


def track(
    items: Iterable[_T],
    total: int | None = None,
    unit: str = "it",
    title: str | None = None,
    start: int = 0,
) -> Iterator[_T]:
    """Shows progress on stderr while `items` are gone through.

    `start` of the total were done before.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    progress = Progress(total, start, unit, title)
    try:
        for item in items:
            yield item
            progress.update()
    finally:
        progress.close()


def say(line: str) -> None:
    """Writes a line to stderr and leaves a bar there whole."""
    tqdm.tqdm.write(line, file=sys.stderr)
