r"""Checks a running TensorFlow Serving that serves a network.

    fast-depth-style check_serving --server=http://localhost:8501 \
        --model=styles

Asks both signatures for pictures of several sizes, sends broken ones, and
measures how long 16 clients at once wait. Exits with 1 where a check fails.
"""

from absl import flags

from fast_depth_style.errors import RequestError
from fast_depth_style.serving.settings import ServerSettings
from fast_depth_style.tools import program
from fast_depth_style.tools.flags import define

_MOST_PIXELS = 1 << 22  # Of two in a request, half of what a model takes.

_SERVER = define(ServerSettings, required=("server", "model"))
_SIZES = flags.DEFINE_list(
    "sizes",
    None,
    "Pictures that are sent, two or more: width x height in pixels; by default"
    " three, from 256x192 to 512x384.",
)
_REQUESTS = flags.DEFINE_integer(
    "requests", 32, "Timed requests of each size.", 1, 100_000
)


def main() -> None:
    """Checks and prints a table."""
    given = _SIZES.value
    asked = ServerSettings(**_SERVER())
    sizes = [_size(size) for size in given or ()]
    if given is not None and len(sizes) < 2:
        raise RequestError("--sizes: give two or more, as 256x192,512x384")

    from fast_depth_style.serving import client, server_check

    try:
        report = server_check.check_server(
            lambda: client.Client(asked.server, asked.timeout),
            asked.model,
            sizes or server_check.SIZES,
            _REQUESTS.value,
        )
    except client.ServerError as error:
        program.fail(str(error))
    print(report.table())
    if report.failures:
        program.fail(f"{report.failures} of {len(report.checks)} checks failed")


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = map(int, text.split("x"))
    except ValueError:
        width = height = 0
    if min(width, height) < 32 or width * height > _MOST_PIXELS:
        raise RequestError(
            f"--sizes={text}: give WIDTHxHEIGHT, each at least 32 pixels and"
            f" at most {_MOST_PIXELS:,} in all"
        )
    return width, height


if __name__ == "__main__":
    program.run(main)
