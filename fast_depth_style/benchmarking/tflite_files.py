"""Exported TFLite files against each other, in the runtime of phones."""

import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from fast_depth_style.benchmarking.comparison import Measurement
from fast_depth_style.benchmarking.contestant import race, started
from fast_depth_style.benchmarking.inputs import soft_pictures
from fast_depth_style.requests import RequestError


def require_files(files: Sequence[pathlib.Path]) -> None:
    """Checks what can be checked before anything is started.

    Args:
        files: As for `compare_files`.

    Raises:
        RequestError: There are none, one is named twice, or one is no file.
    """
    if not files:
        raise RequestError("no files: give --files=A.tflite,B.tflite")
    if len(set(files)) < len(files):
        raise RequestError("--files names a file twice")
    for file in files:
        if not file.is_file():
            raise RequestError(f"{file}: no such file")


def compare_files(
    files: Sequence[pathlib.Path],
    rounds: int,
    threads: int,
    warm_up: int = 2,
    track: Callable = iter,
) -> list[Measurement]:
    """Times one picture through each file, at the file's own size.

    Files need not hold the same network, nor be of one size: what each
    computes is proved where it is exported.

    Args:
        files: Exported files of a fixed size.
        rounds: Rounds that count, of each file.
        threads: CPU threads of the interpreter.
        warm_up: Rounds before them.
        track: Wraps the sequence of rounds, to show progress.

    Returns:
        A measurement of each file, named as it was given.

    Raises:
        ContestantFailed: A file cannot be loaded.
    """
    calls = {
        str(file): (tflite, {"file": str(file), "threads": threads})
        for file in files
    }
    with started(calls) as contestants:
        return race(contestants, rounds, warm_up, track)


def tflite(file: str, threads: int):
    """The contestant that is one file; see `Contestant`."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=file, num_threads=threads)
    interpreter.allocate_tensors()
    (taken,) = interpreter.get_input_details()
    (given,) = interpreter.get_output_details()
    _, height, width, _ = taken["shape"]
    photo = soft_pictures(1, height, width, seed=1).astype(np.float32)

    def turn():
        interpreter.set_tensor(taken["index"], photo)
        interpreter.invoke()
        return interpreter.get_tensor(given["index"])

    return {"picture": turn()}, turn
