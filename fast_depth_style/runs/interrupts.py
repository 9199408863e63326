"""Ctrl-C and SIGTERM that end a run between two steps."""

import signal
import threading
from types import FrameType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM was received."""


class StopBetweenSteps:
    """Defers Ctrl-C and SIGTERM to the end of the step, as a context manager.

    So everything is written. A second signal stops at once. `signal` is the
    one that came, None before.
    """

    def __init__(self) -> None:
        """Leaves signals alone until it is entered."""
        self.signal: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        """Takes over the signals, where the main thread works."""
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Gives the signals back."""
        self._restore()

    def require_not_stopped(self, where: str) -> None:
        """Ends a run that a signal stopped, by the signal's exception."""
        if self.signal is None:
            return
        print(f"Stopped after {where}; the same command continues.", flush=True)
        raise Terminated if self.signal == signal.SIGTERM else KeyboardInterrupt

    def _note(self, number: int, _: FrameType | None) -> None:
        self.signal = number
        self._restore()

    def _restore(self) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before = {}
