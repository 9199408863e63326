r"""Measures what stylizing does to depth, style, colour and content.

    fast-depth-style evaluate --models=plain=runs/a,depth=runs/b \
        --content=photos --style=wave.jpg --depth_network=compact \
        --teachers=hub: --output=evaluation

    fast-depth-style evaluate --models=shipped?style=udnie \
        --video=photos --style=udnie.jpg --output=evaluation

In the first, hub: is the depth network that runs/b was trained against. A judge
that is one of these teachers, or related to one, does not show that depth is
kept; see docs/evaluation.md. The second simulates a moving camera over the
photos and measures flicker. Open evaluation/index.html.
"""

from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.tools import flags, program

_SETTINGS = flags.define(
    EvaluationSettings,
    required=("models", "style", "output"),
    first=("content", "rgbd", "depth_network", "teachers", "video"),
)


def main() -> None:
    """Evaluates and says where the report is."""
    settings = EvaluationSettings(**_SETTINGS())
    from fast_depth_style.evaluation.evaluate import evaluate

    for table in evaluate(settings):
        print(f"{table.name}: {len(table.photos)} measured")
        if table.skipped:
            print(f"{table.name}: {len(table.skipped)} skipped:")
        for file, reason in table.skipped:
            print(f"  {file}: {reason}")
    print(f"Done. Open {settings.output}/index.html")


if __name__ == "__main__":
    program.run(main)
