"""Checks a running server: what it paints, what it refuses, how fast it is."""

import dataclasses
import functools
import io
import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from fast_depth_style.images.files import UnreadablePicture, read_rgb
from fast_depth_style.requests import RequestError
from fast_depth_style.serving.client import (
    Client,
    InvalidArgument,
    ServerError,
    byte_strings,
    to_png,
)

#: Clients at once in the check under load.
CLIENTS = 16

#: Width and height of the pictures, none of them square and one of them odd.
SIZES = ((256, 192), (333, 250), (512, 384))


# Mean difference up to which two paintings are the same, of 255: convolutions
# may be computed in another order, a wrong picture is tens away.
_SAME = 0.5


@dataclasses.dataclass(frozen=True)
class Check:
    """One thing that was tried.

    Attributes:
        name: What.
        failure: What was wrong, empty where nothing was.
    """

    name: str
    failure: str = ""


@dataclasses.dataclass(frozen=True)
class Latency:
    """How long the answers to equal requests took, at the client.

    Attributes:
        clients: That asked at the same time.
        size: Width and height of the picture.
        seconds: One for each request, PNG in and PNG out, without the
            client's own encoding and decoding.
    """

    clients: int
    size: tuple[int, int]
    seconds: tuple[float, ...]

    def percentile(self, percent: float) -> float:
        """Seconds within which that part of the requests was answered."""
        return float(np.percentile(self.seconds, percent))


@dataclasses.dataclass(frozen=True)
class Report:
    """The result of `check_server`."""

    checks: tuple[Check, ...]
    latencies: tuple[Latency, ...]

    @property
    def failures(self) -> int:
        """Number of checks that failed."""
        return sum(1 for check in self.checks if check.failure)

    def table(self) -> str:
        """Checks and latencies, as text."""
        lines = [
            f"FAILED  {check.name}: {check.failure}"
            if check.failure
            else f"ok      {check.name}"
            for check in self.checks
        ]
        lines += [
            "",
            "clients  picture    requests   p50 ms   p95 ms   p99 ms",
        ]
        for each in self.latencies:
            size = "x".join(map(str, each.size))
            marks = " ".join(
                f"{1000 * each.percentile(percent):8.1f}"
                for percent in (50, 95, 99)
            )
            lines.append(
                f"{each.clients:7}  {size:<9}  {len(each.seconds):8} {marks}"
            )
        return "\n".join(lines)


def check_server(
    connect: Callable[[], Client],
    model: str,
    sizes: Sequence[tuple[int, int]] = SIZES,
    requests: int = 32,
    track: Callable[[Iterable], Iterable] = iter,
) -> Report:
    """Checks that a server serves a style as it should.

    Both signatures are asked for pictures of several sizes, alone and in a
    batch, and must agree; broken requests must be refused as such, and leave
    the server as it was; `CLIENTS` clients at once, with pictures of
    different sizes and one of them sending broken ones, must each get what one
    alone gets.

    Args:
        connect: Makes a client; each thread gets its own.
        model: Name under which the server knows the style.
        sizes: Width and height of the pictures, at least two.
        requests: Of each size, for the latencies: one client's, and so many
            again from all of them together.
        track: Goes round the checks; shows progress.

    Raises:
        ServerError: The server does not even answer the first request.
        RequestError: It refuses that one.
    """
    run = _Run(connect, model, sizes, requests)
    with connect() as client:
        run.ask(client, run.files[0])
        checks = []
        for name, trial in track(run.trials(client)):
            try:
                trial()
            except _FAILURES as error:
                checks.append(Check(name, str(error)))
            else:
                checks.append(Check(name))
    return Report(tuple(checks), tuple(run.latencies))


class _Wrong(Exception):
    """An answer is not what it should be."""


_FAILURES = (_Wrong, RequestError, ServerError, UnreadablePicture)


class _Run:
    """The pictures of one check, what was painted of them, and the times."""

    def __init__(self, connect, model, sizes, requests):
        self.connect = connect
        self.model = model
        self.sizes = sizes
        self.requests = requests
        self.pictures = [_picture(*size) for size in sizes]
        self.files = [to_png(picture) for picture in self.pictures]
        self.paintings = {}
        self.latencies = []

    def trials(self, client):
        """What is to be tried, in this order: (name, function)."""
        found = [
            (
                f"serving_default and encoded agree on {width}x{height}",
                functools.partial(self.agree, client, index),
            )
            for index, (width, height) in enumerate(self.sizes)
        ]
        found += [
            ("encoded takes a JPEG", functools.partial(self.jpeg, client)),
            ("a batch is its pictures", functools.partial(self.batch, client)),
        ]
        found += [
            (
                f"{name} is refused and does no harm",
                functools.partial(self.refuse, client, signature, inputs),
            )
            for name, signature, inputs in self.broken()
        ]
        found += [
            ("one client", functools.partial(self.load, 1)),
            (
                f"{CLIENTS} clients at once, one of them sending broken files",
                functools.partial(self.load, CLIENTS),
            ),
        ]
        return found

    def ask(self, client, *files):
        return client.predict(
            self.model, "encoded", {"image_bytes": byte_strings(*files)}
        )

    def ask_with_pixels(self, client, pictures):
        return client.predict(
            self.model, "serving_default", {"image": pictures}
        )

    def agree(self, client, index):
        picture = self.pictures[index]
        (painting,) = self.ask_with_pixels(client, picture[None])
        _check_same(picture.shape, painting, painting)
        if painting.std() < 1:
            raise _Wrong("serving_default answers one flat colour")
        # Kept before the comparison: later checks ask for the same again.
        (file,) = self.ask(client, self.files[index])
        self.paintings[index] = read_rgb(file)
        _check_same(picture.shape, painting, self.paintings[index])

    def jpeg(self, client):
        file = io.BytesIO()
        Image.fromarray(self.pictures[0]).save(file, "JPEG", quality=95)
        (answer,) = self.ask(client, file.getvalue())
        shape = read_rgb(answer).shape
        if shape != self.pictures[0].shape:
            raise _Wrong(f"the answer is {_size(shape)}")

    def batch(self, client):
        pictures = np.stack([self.pictures[0], self.pictures[0][::-1, ::-1]])
        answers = self.ask(client, *map(to_png, pictures))
        paintings = self.ask_with_pixels(client, pictures)
        if len(answers) != 2 or len(paintings) != 2:
            raise _Wrong("two pictures were sent, and not two came back")
        for painting, answer in zip(paintings, answers, strict=True):
            _check_same(pictures[0].shape, painting, read_rgb(answer))
        self.check_painting(0, answers[0])

    def broken(self):
        """Requests that are wrong: (name, signature, inputs)."""
        jpeg = io.BytesIO()
        Image.fromarray(self.pictures[0]).save(jpeg, "JPEG")
        png = self.files[0]
        for name, file in (
            ("text", b"This is not a picture."),
            ("an empty file", b""),
            ("half a PNG", png[: len(png) // 2]),
            ("half a JPEG", jpeg.getvalue()[: len(jpeg.getvalue()) // 2]),
            ("a picture of 4x4 pixels", to_png(self.pictures[0][:4, :4])),
        ):
            yield name, "encoded", {"image_bytes": byte_strings(file)}
        pixels = self.pictures[0][None, :32, :32]
        fractions = (pixels / 255).astype(np.float32)
        yield "a picture of fractions", "serving_default", {"image": fractions}
        yield "an unknown input", "serving_default", {"picture": pixels}

    def refuse(self, client, signature, inputs):
        try:
            client.predict(self.model, signature, inputs)
        except InvalidArgument:
            (answer,) = self.ask(client, self.files[0])
            self.check_painting(0, answer)
        else:
            raise _Wrong("it was answered")

    def load(self, clients):
        """All pictures in turn, from so many clients at once."""
        number = self.requests * len(self.sizes)
        jobs = [index % len(self.sizes) for index in range(number)]
        spoilers = 1 if clients > 1 else 0
        workers = clients - spoilers
        with ThreadPoolExecutor(clients) as pool:
            spoiling = [pool.submit(self.spoil) for _ in range(spoilers)]
            shares = [jobs[start::workers] for start in range(workers)]
            timed = [*itertools.chain(*pool.map(self.work, shares))]
            for each in spoiling:
                each.result()
        self.latencies += [
            Latency(clients, size, tuple(t for i, t in timed if i == index))
            for index, size in enumerate(self.sizes)
        ]

    def work(self, share):
        timed = []
        with self.connect() as client:
            for index in share:
                start = time.perf_counter()
                (answer,) = self.ask(client, self.files[index])
                timed.append((index, time.perf_counter() - start))
                self.check_painting(index, answer)
        return timed

    def spoil(self):
        with self.connect() as client:
            for _ in range(self.requests):
                try:
                    self.ask(client, b"This is not a picture.")
                except InvalidArgument:
                    continue
                raise _Wrong("a broken file was answered")

    def check_painting(self, index, answer):
        if index not in self.paintings:
            raise _Wrong("there is no right answer to compare with")
        _check_same(
            self.pictures[index].shape, self.paintings[index], read_rgb(answer)
        )


def _check_same(shape, expected, painting):
    for each in (expected, painting):
        if each.shape != shape:
            raise _Wrong(f"the answer is {_size(each.shape)}")
    difference = np.abs(expected.astype(float) - painting).mean()
    if not difference <= _SAME:
        raise _Wrong(f"two answers differ by {difference:.1f} on average")


def _size(shape):
    return "x".join(map(str, shape)) + ", not the size of the picture"


def _picture(width: int, height: int) -> np.ndarray:
    """Soft coloured shapes, (height, width, 3) uint8."""
    coarse = np.random.default_rng(width).integers(0, 256, (5, 6, 3), np.uint8)
    size = (width, height)
    return np.array(Image.fromarray(coarse).resize(size, Image.BICUBIC))
