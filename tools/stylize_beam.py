r"""Stylizes photos in bulk with Apache Beam, on one machine or on a cluster.

    fast-depth-style stylize_beam --model=shipped \
        --input='photos/**' --output=paintings
    fast-depth-style stylize_beam --model=/models/styles \
        --input='gs://photos/**' --output=gs://paintings \
        --runner=FlinkRunner -- --flink_master=localhost:8081

Options of Beam and of the runner stand behind --. A model's folder is at the
same place on every worker. Files that cannot be decoded are listed in
OUTPUT/broken.txt.
"""

import importlib.util
import logging

from absl import flags

from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.tools import program
from fast_depth_style.tools.flags import define, define_model

_MODEL = define_model(required=True)
_INPUT = flags.DEFINE_string(
    "input",
    None,
    "A folder of photos, or a pattern of files (** for any depth), on a file"
    " system that Beam knows.",
    required=True,
)
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "A folder, in which names and subfolders are kept.",
    required=True,
)
_RUNNER = flags.DEFINE_string(
    "runner",
    # Beam's own default, DirectRunner, first fetches a program from the net.
    "FnApiRunner",
    "Who runs the pipeline: FnApiRunner (this machine, in this process),"
    " FlinkRunner, SparkRunner, DataflowRunner, …",
)
_SETTINGS = define(StylizeSettings)


def main(*options: str) -> None:
    """Runs the pipeline and prints the counts."""
    settings = StylizeSettings(**_SETTINGS())
    if importlib.util.find_spec("apache_beam") is None:
        raise MissingExtraError("stylize_beam", "beam")
    # Beam warns of optional packages that it does without.
    logging.getLogger().setLevel(logging.ERROR)
    from fast_depth_style.stylization import beam

    runner = f"--runner={_RUNNER.value}"
    counts = beam.stylize_files(
        _MODEL.value,
        _INPUT.value,
        _OUTPUT.value,
        [runner, *options],
        settings,
    )
    broken = f"{_OUTPUT.value.rstrip('/')}/{beam.BROKEN}"
    if not counts.stylized:
        raise RequestError(
            f"{_INPUT.value}: none of the files could be stylized"
            + (f"; {broken} says why" if counts.broken else "")
        )
    listed = f" (listed in {broken})" if counts.broken else ""
    print(f"stylized {counts.stylized}, skipped {counts.broken}{listed}")


if __name__ == "__main__":
    program.run(main)
