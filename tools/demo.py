"""Shows the whole product in minutes, on sample photos, without network.

    fast-depth-style demo

Adds our own painting to the shipped network as a style, exports that, stylizes
sample photos with it, with a blend and with the shipped styles, and writes
runs/demo/index.html.
"""

from absl import flags

from fast_depth_style.tools import program

_OUTPUT = flags.DEFINE_string(
    "output", "runs/demo", "Folder for everything the demo makes."
)
_STEPS = flags.DEFINE_integer(
    "steps", None, "Length of training, by default the quick preset's."
)


def main() -> None:
    """Runs the demo."""
    from fast_depth_style.demo.run import run

    run(_OUTPUT.value, _STEPS.value)


if __name__ == "__main__":
    program.run(main)
