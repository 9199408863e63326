"""Times stylizing by the shipped network, as ratios in one run.

    python research/stylizing_times.py styles
    python research/stylizing_times.py styles --engine=tensorflow
    python research/stylizing_times.py command

styles: a blend and two regions against one style, in processor time of all
threads, which what else the machine does hardly changes. command: `stylize`
from its start to its end against TensorFlow's painting alone, in wall time:
leave the machine alone. Needs pip install 'fast-depth-style[demo]'.

Time: styles half a minute, command one minute, on two CPU cores.
Expected there: styles 1.00 for a blend of three and 1.09 for two regions (1.12
with TensorFlow); command 1.44.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping

import numpy as np
from absl import flags
from PIL import Image
from sklearn.datasets import load_sample_image

from fast_depth_style.errors import RequestError
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.tiles import stylize
from fast_depth_style.tools import program

_ENGINE = flags.DEFINE_enum(
    "engine", "light", ["light", "tensorflow"], "styles: which paints."
)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds that count.", 1)
_SIZE = flags.DEFINE_list("picture_size", "1024,680", "Width, height.")

_STYLES = {
    "one style": "great_wave",
    "a blend of three": "great_wave:0.5,udnie:0.3,scream:0.2",
    "near and far": "near:great_wave,far:starry_night",
}


def main(*inputs: str) -> None:
    """Measures and prints medians and ratios."""
    calls = {("styles",): _time_styles, ("command",): _time_command}
    if inputs not in calls:
        raise RequestError("name one thing to time: styles or command")
    width, height = map(int, _SIZE.value)
    photo = Image.fromarray(load_sample_image("china.jpg"))
    calls[inputs](np.asarray(photo.resize((width, height))))


def _time_styles(photo: np.ndarray) -> None:
    requests = {}
    for name, style in _STYLES.items():
        settings = StylizeSettings(style=style, engine=_ENGINE.value)
        requests[name] = load_styled("shipped", settings), settings
    turns = {
        name: lambda model=model, settings=settings: paint(
            model, photo, settings
        )
        for name, (model, settings) in requests.items()
    }
    _compare(turns, time.process_time)


def _time_command(photo: np.ndarray) -> None:
    program_file = pathlib.Path(sys.executable).with_name("fast-depth-style")
    model = load_styled("shipped", StylizeSettings(engine="tensorflow"))
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name, "photo.jpg")
        Image.fromarray(photo).save(path, quality=95)
        command = [program_file, "stylize", path]
        turns = {
            "painting": lambda: stylize(model, photo),
            "command": lambda: subprocess.run(
                command, check=True, capture_output=True
            ),
        }
        _compare(turns, time.perf_counter)


def _compare(
    turns: Mapping[str, Callable[[], object]], clock: Callable[[], float]
) -> None:
    """Takes turns; prints medians, and median ratios to the first."""
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    for number in range(1 + _ROUNDS.value):
        for name, turn in turns.items():
            start = clock()
            turn()
            if number:
                seconds[name].append(clock() - start)
    first, *_ = seconds.values()
    for name, times in seconds.items():
        ratio = statistics.median(
            one / other for one, other in zip(times, first, strict=True)
        )
        print(f"{name}: {statistics.median(times):.2f} s, {ratio:.2f}")


if __name__ == "__main__":
    program.run(main)
