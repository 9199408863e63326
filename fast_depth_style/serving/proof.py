"""Proof that an exported file computes what the network computes."""

import dataclasses
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

import numpy as np

_EXACT = 1e-3 * 255.0
_FLOORS = {"tflite_float16": 60.0, "tflite_int8": 32.0}
_RUNS = 3

# What a user's process does: TensorFlow, and nothing of ours.
_FRESH = """
import statistics, sys, time
sys.modules["fast_depth_style"] = sys.modules["keras"] = None
import numpy as np
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
model, given, made, runs = sys.argv[1:]
model = tf.saved_model.load(model)
results = {}
with np.load(given) as pictures:
    for name in pictures:
        picture = tf.constant(pictures[name])
        seconds = []
        for _ in range(1 + int(runs)):
            start = time.perf_counter()
            result = model.signatures["float"](image=picture)
            results[name] = result["stylized_image"].numpy()
            seconds.append(time.perf_counter() - start)
        results["seconds_" + name] = statistics.median(seconds[1:])
np.savez(made, **results)
"""


@dataclasses.dataclass(frozen=True)
class Proof:
    """How an exported file compares with the network, at one size.

    Attributes:
        format: As in `export_settings.FORMATS`.
        file: Its name.
        bytes: Its size, or that of all files of a SavedModel.
        size: Height and width of the pictures.
        psnr: Of the worst picture, in dB, against the network's clipped output;
            None where they are equal.
        largest_error: Of any pixel, on the scale of 0..255.
        seconds: For one picture, on one thread; the median.
    """

    format: str
    file: str
    bytes: int
    size: tuple[int, int]
    psnr: float | None
    largest_error: float
    seconds: float

    @property
    def failure(self) -> str | None:
        """Why the file must not be kept; None if it may be."""
        floor = _FLOORS.get(self.format)
        where = f"{self.file} at {self.size[0]}x{self.size[1]}"
        if floor is None:
            # Written so that NaN fails.
            if not self.largest_error <= _EXACT:
                return (
                    f"{where} differs from the network by up to"
                    f" {self.largest_error:.3g} of 255; {_EXACT:.3g} is allowed"
                )
        elif self.psnr is not None and not self.psnr >= floor:
            return (
                f"{where} reaches {self.psnr:.1f} dB PSNR against the network;"
                f" {floor:g} dB is the least"
            )
        return None


def prove(
    format: str,
    file: pathlib.Path,
    run: Callable[[np.ndarray], np.ndarray],
    pictures: Sequence[np.ndarray],
    expected: Sequence[np.ndarray],
) -> Proof:
    """Runs a file on pictures of one size and compares.

    Args:
        format: As in `export_settings.FORMATS`.
        file: Where it is.
        run: Loaded from the file: (1, height, width, 3) float32 to the same.
        pictures: (1, height, width, 3) float32, 0..255.
        expected: What the network makes of each, clipped to 0..255.
    """
    results = [run(picture) for picture in pictures]
    seconds = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        run(pictures[0])
        seconds.append(time.perf_counter() - start)
    return _compare(format, file, results, expected, statistics.median(seconds))


def prove_saved_model(
    folder: pathlib.Path,
    pictures: Sequence[Sequence[np.ndarray]],
    expected: Sequence[Sequence[np.ndarray]],
) -> list[Proof]:
    """Runs a SavedModel in a fresh process, in which this package is not.

    Args:
        folder: The model.
        pictures: For each size, pictures as for `prove`.
        expected: As for `prove`.

    Returns:
        A proof for each size.

    Raises:
        subprocess.CalledProcessError: The process failed; what it said is on
            stderr.
    """
    with tempfile.TemporaryDirectory() as aside:
        given, made = (
            pathlib.Path(aside, name) for name in ("in.npz", "out.npz")
        )
        np.savez(
            given,
            **{
                f"{i}_{j}": picture
                for i, group in enumerate(pictures)
                for j, picture in enumerate(group)
            },
        )
        done = subprocess.run(
            [sys.executable, "-I", "-c", _FRESH]
            + [str(folder.resolve()), str(given), str(made), str(_RUNS)],
            cwd=aside,
            # TensorFlow talks while it loads, whatever its log level is.
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            sys.stderr.write(done.stderr)
            done.check_returncode()
        with np.load(made) as results:
            return [
                _compare(
                    "saved_model",
                    folder,
                    [
                        np.clip(results[f"{i}_{j}"], 0.0, 255.0)
                        for j in range(len(group))
                    ],
                    group,
                    float(results[f"seconds_{i}_0"]),
                )
                for i, group in enumerate(expected)
            ]


def table(proofs: Sequence[Proof]) -> str:
    """The figures of several proofs, as lines of text."""
    rows = [("file", "size", "kB", "PSNR dB", "largest error", "ms, 1 thread")]
    rows += [
        (
            proof.file,
            "x".join(map(str, proof.size)),
            f"{proof.bytes / 1000:.0f}",
            "exact" if proof.psnr is None else f"{proof.psnr:.1f}",
            f"{proof.largest_error:.3g}",
            f"{1000 * proof.seconds:.0f}",
        )
        for proof in proofs
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _compare(format, file, results, expected, seconds):
    for result, wanted in zip(results, expected, strict=True):
        if result.shape != wanted.shape:
            raise ValueError(f"{file}: {result.shape}, not {wanted.shape}")
    errors = [
        np.abs(result.astype("float64") - wanted)
        for result, wanted in zip(results, expected, strict=True)
    ]
    worst = max((float(np.mean(error**2)) for error in errors), key=_nan_last)
    return Proof(
        format=format,
        file=file.name,
        bytes=_bytes(file),
        size=results[0].shape[1:3],
        psnr=10 * math.log10(255.0**2 / worst) if worst else None,
        largest_error=max((float(e.max()) for e in errors), key=_nan_last),
        seconds=seconds,
    )


def _nan_last(value):
    return math.inf if math.isnan(value) else value


def _bytes(path):
    if path.is_file():
        return path.stat().st_size
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
