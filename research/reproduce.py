r"""Trains styles with and without depth loss, and compares them in one table.

    python research/reproduce.py --plan=research/reproduction.json \
        --material=FOLDER --workdir=runs/reproduction

FOLDER holds the paintings, photos and weights that the plan names. The same
command continues: finished runs and evaluations are not made again. Under JAX
it trains only; once more without KERAS_BACKEND it evaluates.

    WORKDIR/starts/NAME/          runs from whose network others start
    WORKDIR/runs/GROUP/LABEL/     one training run each
    WORKDIR/evaluations/GROUP/    the report of a group
    WORKDIR/table.md              the table

Time: reproduction.json 2.5 hours on two CPU cores that had other work too.
Expected, reproduction.json: squared depth error with over without depth loss,
by FastDepth and by the compact network, The Starry Night 0.45 and 0.42, The
Scream 0.41 and 0.76, Udnie 0.58 and 0.61, Composition VII at depth weight 20
0.28 and 0.46; style loss at full scale 0.76, 1.02, 0.93 and 0.85. They were
measured before the depth network saw pictures at a random zoom.
"""

import dataclasses
import json
import pathlib

import reproduction_plan
import reproduction_table
from absl import flags

from fast_depth_style import files
from fast_depth_style.tools import program

_PLAN = flags.DEFINE_string(
    "plan", None, "The runs and how they are judged: JSON.", required=True
)
_MATERIAL = flags.DEFINE_string(
    "material", ".", "Folder that the files named in the plan are relative to."
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of everything that is made.", required=True
)


def main() -> None:
    """Trains, evaluates and prints the table."""
    plan = reproduction_plan.read_plan(
        files.resolve(_PLAN.value, "plan"),
        files.resolve(_MATERIAL.value, "material"),
    )
    workdir = files.resolve(_WORKDIR.value, "workdir")
    files.require_own_folder(workdir, "workdir", "run")
    files.mark_own_folder(workdir, "run")
    import keras

    train_all(plan, workdir)
    if keras.backend.backend() != "tensorflow":
        print("Trained. The same command without KERAS_BACKEND evaluates.")
        return
    print(evaluate_all(plan, workdir))
    print(f"Done. The table is {workdir / 'table.md'}")


def train_all(
    plan: reproduction_plan.Plan, workdir: pathlib.Path
) -> list[pathlib.Path]:
    """Trains what is not trained yet; returns the folders of the runs."""
    from fast_depth_style.training.run import train

    folders = []
    for name, settings in plan.starts.items():
        print(f"Training the start {name}", flush=True)
        folders.append(train(settings, workdir / "starts" / name))
    for name, runs in plan.groups.items():
        for label, settings in runs.items():
            print(f"Training {name}: {label}", flush=True)
            if settings.initial_model:
                start = workdir / "starts" / settings.initial_model
                settings = dataclasses.replace(
                    settings, initial_model=str(start)
                )
            folders.append(train(settings, _run(workdir, name, label)))
    return folders


def evaluate_all(plan: reproduction_plan.Plan, workdir: pathlib.Path) -> str:
    """Evaluates what is not evaluated yet; writes and returns the table."""
    from fast_depth_style.evaluation.evaluate import evaluate
    from fast_depth_style.training.run import export_run

    metrics, weights = {}, {}
    for name, runs in plan.groups.items():
        models = {}
        for label, settings in runs.items():
            run = _run(workdir, name, label)
            if not (run / "model" / "card.json").exists():
                export_run(run)
            models[label] = run / "model"
            if settings.depth_network != "none":
                weights[name, label] = settings.depth_weight
        output = workdir / "evaluations" / name
        if not _is_newer(output / "metrics.json", models.values()):
            print(f"Evaluating {name}", flush=True)
            reference = next(iter(runs.values()))
            (painting,), (style_size,) = reference.style, reference.style_size
            evaluate(
                dataclasses.replace(
                    plan.evaluation,
                    models=tuple(f"{k}={v}" for k, v in models.items()),
                    style=painting,
                    style_size=style_size,
                    output=str(output),
                )
            )
        found = json.loads((output / "metrics.json").read_text())
        metrics[name] = found
    table = reproduction_table.table(metrics, weights)
    files.write_text(workdir / "table.md", table)
    return table


def _run(workdir: pathlib.Path, group: str, label: str) -> pathlib.Path:
    return workdir / "runs" / group / label


def _is_newer(path, models):
    made = [(model / "card.json").stat().st_mtime for model in models]
    return path.exists() and path.stat().st_mtime >= max(made)


if __name__ == "__main__":
    program.run(main)
