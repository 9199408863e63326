"""Resumable videos: encoded parts and state on disk."""

import hashlib
import json
import os
import pathlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import numpy as np

from fast_depth_style import files
from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.stylization.steady import State

_REQUEST = "request.json"
_DAMAGED = (OSError, ValueError, LookupError, TypeError)
"""What reading a part raises that is not there or not whole."""


class Segments:
    """The parts of one video, in a hidden folder beside its target.

    Each part has an encoder of its own and is written whole or not at all;
    beside the last one is the state after it. As a context manager it removes
    the folder after an error of the source, or where no part is in it.

    Attributes:
        done: How many parts there are.
        state: That after the last of them.
    """

    def __init__(self, target: pathlib.Path, request: Mapping[str, Any] | None):
        """Finds the parts of an earlier run of the same request.

        Those of another request are removed; of None, all.
        """
        name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]
        self._folder = target.with_name(f".{name}.parts")
        self._request = request
        self.done = 0
        self.state: State | None = None
        try:
            found = json.loads((self._folder / _REQUEST).read_text())
            if request is not None and found == request:
                self._find()
        except _DAMAGED:
            self.done, self.state = 0, None
        if not self.done:
            self.remove()

    def __enter__(self) -> Self:
        """Nothing is opened."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Removes the folder where another run could not go on."""
        # By what is there: a signal may come before a part is counted.
        kept = any(self._folder.glob("*.state.npz"))
        if isinstance(error, UnreadablePicture) or not kept:
            self.remove()

    def add(self, packets: Sequence[Any], state: State | None) -> None:
        """Writes the next part: PyAV's packets, and the state after it."""
        if not self.done:
            self._folder.mkdir(exist_ok=True)
            files.write_json(self._folder / _REQUEST, self._request)
        numbers = [
            (p.size, p.pts, p.dts, p.duration or 0, p.is_keyframe)
            for p in packets
        ]
        data = np.frombuffer(b"".join(map(bytes, packets)), np.uint8)
        self._write("part", numbers=np.array(numbers, np.int64), data=data)
        self._write("state", **vars(state) if state else {})
        self.done, self.state = self.done + 1, state
        self._path("state", self.done - 2).unlink(missing_ok=True)

    def packets(self, clock: Any) -> Iterator[Any]:
        """Yields the packets of all parts; times are in units of `clock`."""
        import av

        last: int | None = None
        for number in range(self.done):
            part = files.read_arrays(self._path("part", number))
            numbers, data = part["numbers"].tolist(), part["data"].tobytes()
            start = 0
            for size, pts, dts, duration, key in numbers:
                packet = av.Packet(data[start : start + size])
                start += size
                # Where frames are far apart, an encoder begins to count early.
                last = dts if last is None else max(dts, last + 1)
                packet.pts, packet.dts, packet.duration = pts, last, duration
                packet.time_base, packet.is_keyframe = clock, bool(key)
                yield packet

    def remove(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _find(self) -> None:
        states = sorted(self._folder.glob("*.state.npz"))
        arrays = files.read_arrays(states[-1])
        self.state = State(**arrays) if arrays else None
        self.done = int(states[-1].name.partition(".")[0]) + 1
        if not all(self._path("part", i).exists() for i in range(self.done)):
            raise LookupError("a part is missing")

    def _write(self, kind: str, **arrays: np.ndarray) -> None:
        with files.replacing(self._path(kind, self.done)) as aside:
            np.savez(aside, **arrays)

    def _path(self, kind: str, number: int) -> pathlib.Path:
        return self._folder / f"{number:06}.{kind}.npz"
