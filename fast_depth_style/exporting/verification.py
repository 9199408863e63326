"""Comparison of exported files with the network that they come from."""

import dataclasses
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

import numpy as np

_EXACT = 1e-3 * 255.0
_LEAST_PSNR = {"tflite_float16": 60.0, "tflite_int8": 32.0}
_RUNS = 3

# A user's process: TensorFlow, and nothing of ours.
_PROGRAM = """
import statistics, sys, time
sys.modules["fast_depth_style"] = sys.modules["keras"] = None
import numpy as np
import tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
model, given, made, runs = sys.argv[1:]
model = tf.saved_model.load(model)
def run(inputs):
    start = time.perf_counter()
    inputs = {name: tf.constant(value) for name, value in inputs.items()}
    result = model.signatures["float"](**inputs)
    return result["stylized_image"].numpy(), time.perf_counter() - start
examples, results = {}, {}
with np.load(given) as arrays:
    for key in arrays:
        number, name = key.split("/")
        examples.setdefault(number, {})[name] = arrays[key]
for number, inputs in examples.items():
    results[number] = run(inputs)[0]
    seconds = [run(inputs)[1] for _ in range(int(runs))]
    results["seconds_" + number] = statistics.median(seconds)
np.savez(made, **results)
"""


@dataclasses.dataclass(frozen=True, eq=False)
class Example:
    """A picture, its style and dials, and the network's painting of it.

    Attributes:
        image: (1, height, width, 3) float32, 0..255.
        asked: Inputs of a SavedModel's signatures beside the image.
        vector: The style vector, as other files take it: one, or none.
        expected: What the network paints, clipped to 0..255.
    """

    image: np.ndarray
    asked: dict[str, np.ndarray]
    vector: tuple[np.ndarray, ...]
    expected: np.ndarray


@dataclasses.dataclass(frozen=True)
class Verification:
    """How an exported file compares with its network, at one size.

    Attributes:
        format: One of `settings.FORMATS`.
        file: Its name.
        bytes: Its size, or that of all files of a SavedModel.
        size: Height and width of the pictures.
        psnr: Of the worst picture, in dB, against the network's clipped output;
            None where they are equal.
        largest_error: Of any value, on the scale of 0..255.
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
        where = f"{self.file} at {self.size[1]}x{self.size[0]}"
        least = _LEAST_PSNR.get(self.format)
        if least is None and self.largest_error > _EXACT:
            return (
                f"{where} differs from the network by up to"
                f" {self.largest_error:.3g} of 255; {_EXACT:.3g} is allowed"
            )
        if least and self.psnr is not None and self.psnr < least:
            return (
                f"{where} reaches {self.psnr:.1f} dB PSNR against the network;"
                f" {least:g} dB is the least"
            )
        return None


def verify(
    format: str,
    name: str,
    data: bytes,
    run: Callable[..., np.ndarray],
    examples: Sequence[Example],
) -> Verification:
    """Runs a file on pictures of one size and compares.

    Args:
        format: One of `settings.FORMATS`.
        name: Of the file.
        data: Its content.
        run: Loaded from it: takes an image and its vector.
        examples: All of one size.
    """
    results = [run(each.image, *each.vector) for each in examples]
    seconds = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        run(examples[0].image, *examples[0].vector)
        seconds.append(time.perf_counter() - start)
    return _compare(
        format,
        name,
        len(data),
        results,
        examples,
        statistics.median(seconds),
    )


def verify_saved_model(
    folder: pathlib.Path, groups: Sequence[Sequence[Example]]
) -> list[Verification]:
    """Runs a SavedModel in a fresh process without this package and Keras.

    Gives a verification for each group, of examples of one size. Raises
    `subprocess.CalledProcessError` if the process fails; its stderr is shown.
    """
    with tempfile.TemporaryDirectory() as aside:
        given, made = (os.path.join(aside, n) for n in ("in.npz", "out.npz"))
        arrays = {
            f"{i}-{j}/{name}": value
            for i, group in enumerate(groups)
            for j, each in enumerate(group)
            for name, value in {"image": each.image, **each.asked}.items()
        }
        np.savez(given, **arrays)
        done = subprocess.run(
            [sys.executable, "-I", "-c", _PROGRAM]
            + [os.path.abspath(folder), given, made, str(_RUNS)],
            cwd=aside,
            # TensorFlow talks while it loads, whatever its log level is.
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            sys.stderr.write(done.stderr)
            done.check_returncode()
        with np.load(made) as loaded:
            results = dict(loaded)
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    return [
        _compare(
            "saved_model",
            folder.name,
            size,
            [results[f"{i}-{j}"].clip(0, 255) for j in range(len(group))],
            group,
            float(results[f"seconds_{i}-0"]),
        )
        for i, group in enumerate(groups)
    ]


def table(verifications: Sequence[Verification]) -> str:
    """The figures as lines of text."""
    width = max(len(each.file) for each in verifications)
    titles = ("file", "size", "kB", "PSNR dB", "largest error", "ms, 1 thread")
    rows = [
        (
            each.file,
            f"{each.size[1]}x{each.size[0]}",
            f"{each.bytes / 1000:.0f}",
            "exact" if each.psnr is None else f"{each.psnr:.1f}",
            f"{each.largest_error:.3g}",
            f"{1000 * each.seconds:.0f}",
        )
        for each in verifications
    ]
    line = f"{{:<{width}}}  {{:>9}}  {{:>7}}  {{:>7}}  {{:>13}}  {{:>12}}"
    return "\n".join(line.format(*row) for row in (titles, *rows))


def _compare(
    format: str,
    name: str,
    size: int,
    results: Sequence[np.ndarray],
    examples: Sequence[Example],
    seconds: float,
) -> Verification:
    worst = largest = 0.0
    for result, example in zip(results, examples, strict=True):
        wanted = example.expected
        if result.shape != wanted.shape:
            raise ValueError(f"{name}: {result.shape}, not {wanted.shape}")
        error = np.abs(result.astype("float64") - wanted)
        # What is not a number is as wrong as can be.
        error = np.nan_to_num(error, nan=255.0, posinf=255.0)
        worst = max(worst, float(np.mean(error**2)))
        largest = max(largest, float(error.max()))
    return Verification(
        format=format,
        file=name,
        bytes=size,
        size=results[0].shape[1:3],
        psnr=10 * math.log10(255.0**2 / worst) if worst else None,
        largest_error=largest,
        seconds=seconds,
    )
