r"""Reproduces the report: styles with and without depth, judged and compared.

    fast-depth-style reproduce --plan=docs/reproduction.json \
        --material=FOLDER --workdir=runs/reproduction

FOLDER holds the paintings, photos and weights that the plan names. A plan may
have "starts", runs without depth; a group's runs begin with the one that its
"start" names. The same command continues; --stage=train alone runs under
KERAS_BACKEND=jax as well. The page is in runs/reproduction/page.
"""

from absl import flags

from fast_depth_style.tools import program

_PLAN = flags.DEFINE_string(
    "plan", None, "The runs and how they are judged: JSON.", required=True
)
_MATERIAL = flags.DEFINE_string(
    "material",
    ".",
    "Folder that the files named in the plan are relative to.",
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of everything that is made.", required=True
)
_STAGE = flags.DEFINE_multi_enum(
    "stage",
    ["train", "evaluate", "page"],
    ["train", "evaluate", "page"],
    "What to do; may be given more than once.",
)
_STEPS = flags.DEFINE_integer(
    "steps",
    None,
    "Length of every run, instead of the plan's; its starts keep theirs.",
)
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size",
    None,
    "Side of the crops, instead of the plan's, except in its starts.",
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size",
    None,
    "Photos per step, instead of the plan's, except in its starts.",
)


def main() -> None:
    """Runs the stages and says where the page is."""
    from fast_depth_style.reproduction.plan import read_plan

    plan = read_plan(
        _PLAN.value,
        _MATERIAL.value,
        steps=_STEPS.value,
        image_size=_IMAGE_SIZE.value,
        batch_size=_BATCH_SIZE.value,
    )
    from fast_depth_style.reproduction.stages import reproduce

    page = reproduce(plan, _WORKDIR.value, tuple(_STAGE.value))
    if "page" in _STAGE.value:
        print(f"Done. The page is {page / 'README.md'}")


if __name__ == "__main__":
    program.run(main)
