"""Times blends and regions against one style, as ratios in one run.

    python research/style_times.py
    python research/style_times.py --engine=tensorflow

Each request paints the same picture in turns. Processor time is counted, of all
threads, so that what else the machine does hardly matters.

Time: half a minute on two cores.
"""

import statistics
import time

from absl import flags

from fast_depth_style.demo.painting import paint as painting_of
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.tools import program

_ENGINE = flags.DEFINE_enum(
    "engine", "light", ["light", "tensorflow"], "Which."
)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds that count.", 1)
_SIZE = flags.DEFINE_list("picture_size", "1024,680", "Pixels.")

_STYLES = {
    "one style": "great_wave",
    "a blend of three": "great_wave:0.5,udnie:0.3,scream:0.2",
    "near and far": "near:great_wave,far:starry_night",
}


def main() -> None:
    """Paints in turns and prints the median ratios."""
    width, height = map(int, _SIZE.value)
    photo = painting_of(height, width, seed=5)
    requests = {}
    for name, style in _STYLES.items():
        settings = StylizeSettings(style=style, engine=_ENGINE.value)
        requests[name] = load_styled("shipped", settings), settings
    seconds: dict[str, list[float]] = {name: [] for name in requests}
    for number in range(1 + _ROUNDS.value):
        for name, (model, settings) in requests.items():
            start = time.process_time()
            paint(model, photo, settings)
            if number:
                seconds[name].append(time.process_time() - start)
    first, *_ = seconds.values()
    for name, times in seconds.items():
        ratio = statistics.median(
            one / other for one, other in zip(times, first, strict=True)
        )
        print(f"{name}: {statistics.median(times):.2f} s, {ratio:.2f}")


if __name__ == "__main__":
    program.run(main)
