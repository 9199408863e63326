"""Check of a running server: its paintings, its refusals, its latency."""

import contextlib
import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.pictures import soft_shapes
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.picture import UnreadablePicture
from fast_depth_style.runs.progress import track
from fast_depth_style.serving.client import (
    Client,
    InvalidArgument,
    ServerError,
    asked_inputs,
    byte_strings,
    encode,
)

CLIENTS = 16
"""Clients at once in the check under load."""

SIZES = ((256, 192), (333, 250), (512, 384))
"""Width and height of the pictures, none of them square and one of them odd."""

_NO_PICTURE = b"This is not a picture."

# Mean difference up to which two paintings are the same, of 255: convolutions
# may be computed in another order, a wrong picture is tens away.
_SAME = 0.5


@dataclasses.dataclass(frozen=True)
class Report:
    """The result of `check_server`.

    Attributes:
        checks: What was tried, and what was wrong: empty where nothing was.
        latencies: {(clients at once, width and height): seconds of every
            request, without the client's own encoding and decoding}.
    """

    checks: dict[str, str]
    latencies: dict[tuple[int, tuple[int, int]], list[float]]

    @property
    def failures(self) -> int:
        """Number of checks that failed."""
        return sum(map(bool, self.checks.values()))

    def table(self) -> str:
        """Checks and latencies, as text."""
        lines = [
            f"FAILED  {name}: {failure}" if failure else f"ok      {name}"
            for name, failure in self.checks.items()
        ]
        lines += ["", "clients  picture    requests   p50 ms   p95 ms   p99 ms"]
        for (clients, (width, height)), seconds in self.latencies.items():
            marks = 1000 * np.percentile(seconds, (50, 95, 99))
            lines.append(
                f"{clients:7}  {f'{width}x{height}':<9}  {len(seconds):8}"
                + "".join(f" {mark:8.1f}" for mark in marks)
            )
        return "\n".join(lines)


def check_server(
    connect: Callable[[], Client],
    model: str,
    sizes: Sequence[tuple[int, int]] = SIZES,
    requests: int = 32,
) -> Report:
    """Checks a model on a server, with progress on stderr.

    Both signatures must agree on pictures of several sizes, alone and in a
    batch. Broken requests must be refused, and the next one answered as before.
    `CLIENTS` clients at once, one of which sends broken pictures, must get what
    one client gets. A first request that fails raises what `predict` raises.

    Args:
        connect: Makes a client; each thread gets its own.
        model: Its name on the server.
        sizes: Width and height of the pictures, at least two.
        requests: Timed requests of each size, by one client and by all.
    """
    checks = {}
    with connect() as client:
        run = _Run(connect, client, model, sizes, requests)
        run.ask(client, run.files[0])
        for name, trial in track([*run.trials()], unit="check"):
            checks[name] = ""
            try:
                trial()
            except _FAILURES as error:
                checks[name] = str(error)
    return Report(checks, run.latencies)


class _Wrong(Exception):
    """An answer is not what it should be."""


_FAILURES = (_Wrong, RequestError, ServerError, UnreadablePicture)


@dataclasses.dataclass
class _Run:
    """Pictures, paintings and latencies of one check."""

    connect: Callable[[], Client]
    client: Client
    model: str
    sizes: Sequence[tuple[int, int]]
    requests: int

    def __post_init__(self) -> None:
        self.pictures = [soft_shapes(size[::-1]) for size in self.sizes]
        self.files = [encode(picture) for picture in self.pictures]
        self.paintings: dict[int, np.ndarray] = {}
        self.latencies: dict[tuple[int, tuple[int, int]], list[float]] = {}
        self.styles = self.client.styles(self.model)
        self.asked: dict[str, str | float] = {}
        if self.styles:
            self.asked = {"style": self.styles[-1], "depth": 0.5, "stroke": 0.5}

    def trials(self) -> Iterator[tuple[str, Callable]]:
        """What is to be tried, in this order: (name, function)."""
        for index, (width, height) in enumerate(self.sizes):
            name = f"serving_default and encoded agree on {width}x{height}"
            yield name, partial(self.agree, index)
        yield "encoded takes a JPEG", self.jpeg
        yield "a batch is its pictures", self.batch
        for name, signature, inputs in self.broken():
            trial = partial(self.refuse, signature, inputs)
            yield f"{name} is refused and does no harm", trial
        yield "one client", partial(self.load, 1)
        name = f"{CLIENTS} clients at once, one of them sending broken files"
        yield name, partial(self.load, CLIENTS)

    def ask(self, client: Client, *files: bytes) -> Any:
        return client.stylize_files(self.model, files, self.asked)

    def ask_with_pixels(self, pictures: np.ndarray) -> np.ndarray:
        inputs = {"image": pictures, **self.asked_of_pixels(len(pictures))}
        answer = self.client.predict(self.model, "serving_default", inputs)
        if answer.shape != pictures.shape or answer.dtype.kind not in "iu":
            raise _Wrong(
                f"serving_default answers {answer.dtype} {answer.shape} for"
                f" uint8 {pictures.shape}"
            )
        return answer

    def asked_of_pixels(self, count: int) -> dict[str, np.ndarray]:
        """What is asked of so many pictures, as `serving_default` takes it."""
        if not self.styles:
            return {}
        last = np.eye(len(self.styles), dtype="float32")[-1:]
        dials = np.full(count, 0.5, np.float32)
        style = np.repeat(last, count, axis=0)
        return {"style": style, "depth": dials, "stroke": dials}

    def agree(self, index: int) -> None:
        picture = self.pictures[index]
        (painting,) = self.ask_with_pixels(picture[None])
        if painting.std() < 1:
            raise _Wrong("serving_default answers one flat colour")
        (file,) = self.ask(self.client, self.files[index])
        answer = read_rgb(file)
        if answer.shape == picture.shape:
            # Before the comparison: later checks ask for the same again.
            self.paintings[index] = answer
        _check_same(painting, answer)

    def jpeg(self) -> None:
        (answer,) = self.ask(self.client, encode(self.pictures[0], "JPEG"))
        if read_rgb(answer).shape != self.pictures[0].shape:
            raise _Wrong("the answer has another size")

    def batch(self) -> None:
        pictures = np.stack([self.pictures[0], self.pictures[0][::-1, ::-1]])
        answers = self.ask(self.client, *map(encode, pictures))
        paintings = self.ask_with_pixels(pictures)
        for painting, answer in zip(paintings, answers, strict=True):
            _check_same(painting, read_rgb(answer))
        self.check_painting(0, answers[0])

    def broken(self) -> Iterator[tuple[str, str, Mapping[str, np.ndarray]]]:
        """Requests that are wrong: (name, signature, inputs)."""
        png, jpeg = self.files[0], encode(self.pictures[0], "JPEG")
        for name, file in (
            ("text", _NO_PICTURE),
            ("an empty file", b""),
            ("half a PNG", png[: len(png) // 2]),
            ("half a JPEG", jpeg[: len(jpeg) // 2]),
            ("a picture of 4x4 pixels", encode(self.pictures[0][:4, :4])),
        ):
            inputs = {"image_bytes": byte_strings(file)}
            yield name, "encoded", inputs | asked_inputs(self.asked, 1)
        pixels = self.pictures[0][None, :32, :32]
        fractions = (pixels / 255).astype(np.float32)
        asked = self.asked_of_pixels(1)
        for name, inputs in (
            ("a picture of fractions", {"image": fractions}),
            ("an unknown input", {"picture": pixels}),
        ):
            yield name, "serving_default", inputs | asked

    def refuse(self, signature: str, inputs: Mapping[str, np.ndarray]) -> None:
        with _refused():
            self.client.predict(self.model, signature, inputs)
        (answer,) = self.ask(self.client, self.files[0])
        self.check_painting(0, answer)

    def load(self, clients: int) -> None:
        """All pictures in turn, from so many clients at once."""
        jobs = [*range(len(self.sizes))] * self.requests
        workers = max(1, clients - 1)
        shares = [jobs[start::workers] for start in range(workers)]
        with ThreadPoolExecutor(clients) as pool:
            spoiling = pool.submit(self.spoil) if clients > 1 else None
            timed = [*itertools.chain(*pool.map(self.work, shares))]
            if spoiling:
                spoiling.result()
        for index, size in enumerate(self.sizes):
            self.latencies[clients, size] = [t for i, t in timed if i == index]

    def work(self, share: Sequence[int]) -> list[tuple[int, float]]:
        timed = []
        with self.connect() as client:
            for index in share:
                start = time.perf_counter()
                (answer,) = self.ask(client, self.files[index])
                timed.append((index, time.perf_counter() - start))
                self.check_painting(index, answer)
        return timed

    def spoil(self) -> None:
        with self.connect() as client:
            for _ in range(self.requests):
                with _refused():
                    self.ask(client, _NO_PICTURE)

    def check_painting(self, index: int, answer: bytes) -> None:
        if index not in self.paintings:
            raise _Wrong("there is no right answer to compare with")
        _check_same(self.paintings[index], read_rgb(answer))


@contextlib.contextmanager
def _refused() -> Iterator[None]:
    """What is asked for in the block must be refused."""
    try:
        yield
    except InvalidArgument:
        return
    raise _Wrong("it was answered")


def _check_same(expected: np.ndarray, painting: np.ndarray) -> None:
    if painting.shape != expected.shape:
        raise _Wrong(
            f"an answer is {painting.shape[1]}x{painting.shape[0]} pixels, not"
            f" {expected.shape[1]}x{expected.shape[0]}"
        )
    difference = np.abs(expected.astype(float) - painting).mean()
    if not difference <= _SAME:
        raise _Wrong(f"two answers differ by {difference:.1f} on average")
