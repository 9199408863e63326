r"""Checks a running TensorFlow Serving that serves a style.

    fast-depth-style check_serving --server=http://localhost:8501 \
        --model=great_wave

Asks both signatures for pictures of several sizes, sends broken ones, and
measures how long 16 clients at once wait. Exits with 1 where a check fails.
"""

import sys

from absl import flags
from tqdm import tqdm

from fast_depth_style.requests import RequestError
from fast_depth_style.tools import program

_SERVER = flags.DEFINE_string(
    "server",
    None,
    "Where it runs: http://host:8501 (REST) or grpc://host:8500.",
    required=True,
)
_MODEL = flags.DEFINE_string(
    "model", None, "Name of the model on the server.", required=True
)
_SIZES = flags.DEFINE_list(
    "sizes",
    None,
    "Pictures that are sent, two or more: width x height in pixels; by default"
    " three, from 256x192 to 512x384.",
)
_REQUESTS = flags.DEFINE_integer(
    "requests", 32, "Timed requests of each size.", 1
)
_TIMEOUT = flags.DEFINE_float("timeout", 60.0, "Seconds to wait for an answer.")


def main() -> None:
    """Checks and prints a table."""
    sizes = [_size(size) for size in _SIZES.value or ()]
    if len(sizes) == 1:
        raise RequestError("--sizes: give two or more, as 256x192,512x384")
    from fast_depth_style.serving import client, server_check

    try:
        report = server_check.check_server(
            lambda: client.connect(_SERVER.value, _TIMEOUT.value),
            _MODEL.value,
            sizes or server_check.SIZES,
            _REQUESTS.value,
            lambda trials: tqdm(
                trials, unit="check", disable=not sys.stderr.isatty()
            ),
        )
    except client.ServerError as error:
        program.fail(str(error))
    print(report.table())
    if report.failures:
        program.fail(f"{report.failures} of {len(report.checks)} checks failed")


def _size(text):
    try:
        width, height = map(int, text.split("x"))
    except ValueError:
        width = height = 0
    if min(width, height) < 32:
        raise RequestError(
            f"--sizes: {text} is not WIDTHxHEIGHT of at least 32 pixels"
        )
    return width, height


if __name__ == "__main__":
    program.run(main)
