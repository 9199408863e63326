"""Times the whole command against TensorFlow's painting alone.

    python research/start_times.py
    python research/start_times.py --photos=100 --picture_size=480,320

The command is `fast-depth-style stylize`, from its start to its end, in turns
with TensorFlow's painting of the same pictures in this process, which has
painted before. Wall time: leave the machine alone.

Time: a minute on two cores. Expected there: 1.44 for one photo; 1.26 was
measured by hand for a folder of 99 photos of 0.15 megapixels.
"""

import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from absl import flags
from PIL import Image

from fast_depth_style.demo.painting import paint as painting_of
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.tiles import stylize
from fast_depth_style.tools import program

_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds that count.", 1)
_PHOTOS = flags.DEFINE_integer("photos", 1, "Of the folder.", 1)
_SIZE = flags.DEFINE_list("picture_size", "1024,680", "Pixels.")


def main() -> None:
    """Paints in turns and prints the medians and their ratio."""
    width, height = map(int, _SIZE.value)
    photos = [painting_of(height, width, seed=i) for i in range(_PHOTOS.value)]
    command = pathlib.Path(sys.executable).with_name("fast-depth-style")
    model = load_styled("shipped", StylizeSettings(engine="tensorflow"))
    whole, alone = [], []
    with tempfile.TemporaryDirectory() as folder:
        for i, photo in enumerate(photos):
            path = pathlib.Path(folder, f"photos/{i}.jpg")
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(photo).save(path, quality=95)
        source = path if len(photos) == 1 else path.parent
        target = pathlib.Path(folder, "paintings", *source.parts[-1:])
        target = target if len(photos) == 1 else target.parent
        for number in range(1 + _ROUNDS.value):
            start = time.perf_counter()
            subprocess.run(
                [command, "stylize", source, f"--output={target}"],
                check=True,
                capture_output=True,
            )
            middle = time.perf_counter()
            for photo in photos:
                stylize(model, photo)
            if number:
                whole.append(middle - start)
                alone.append(time.perf_counter() - middle)
    one, other = statistics.median(whole), statistics.median(alone)
    print(f"command {one:.2f} s, painting {other:.2f} s: {one / other:.2f}")


if __name__ == "__main__":
    program.run(main)
