"""The stages of a reproduction: train, evaluate, page.

    starts/NAME/             one training run each, which others begin with
    runs/GROUP/LABEL/        one training run each
    evaluations/GROUP/       the evaluation of a group
    page/                    README.md, figures and numbers

Every stage continues where it was interrupted; finished runs and evaluations
are not made again.
"""

import dataclasses
import json
import os
import pathlib

from fast_depth_style.reproduction.page import write_page
from fast_depth_style.reproduction.plan import Group, Plan
from fast_depth_style.requests import RequestError
from fast_depth_style.training.run import export_run, train

STAGES = ("train", "evaluate", "page")


def reproduce(
    plan: Plan, workdir: str | os.PathLike, stages: tuple[str, ...] = STAGES
) -> pathlib.Path:
    """Runs stages of a reproduction.

    Args:
        plan: What it consists of.
        workdir: Folder of everything it makes.
        stages: Which; training alone needs no TensorFlow (KERAS_BACKEND=jax),
            the others export what it trained.

    Returns:
        The folder of the page.

    Raises:
        RequestError: A stage lacks what an earlier one makes, or something
            asked for cannot be had.
    """
    workdir = pathlib.Path(workdir)
    if "train" in stages:
        _train(plan, workdir)
    if "evaluate" in stages:
        for group in plan.groups:
            _evaluate(plan, group, workdir)
    page = workdir / "page"
    if "page" in stages:
        for group in plan.groups:
            if not _is_evaluated(plan, group, workdir):
                raise RequestError(
                    f"{group.name} has not been evaluated: run --stage=evaluate"
                )
        write_page(plan, workdir, page)
    return page


def start_folder(workdir: pathlib.Path, name: str) -> pathlib.Path:
    """The workdir of a run that others begin with."""
    return workdir / "starts" / name


def run_folder(workdir: pathlib.Path, group: Group, label: str) -> pathlib.Path:
    """The workdir of one training run."""
    return workdir / "runs" / group.name / label


def evaluation_folder(workdir: pathlib.Path, group: Group) -> pathlib.Path:
    """The output of one group's evaluation."""
    return workdir / "evaluations" / group.name


def _train(plan, workdir):
    for name, settings in plan.starts.items():
        print(f"Training the start {name}", flush=True)
        train(settings, start_folder(workdir, name))
    for group in plan.groups:
        for label, settings in group.runs.items():
            print(f"Training {group.name}: {label}", flush=True)
            if settings.initial_model:
                start = start_folder(workdir, settings.initial_model)
                settings = dataclasses.replace(
                    settings, initial_model=str(start)
                )
            train(settings, run_folder(workdir, group, label))


def _evaluate(plan, group, workdir):
    for label in group.runs:
        folder = run_folder(workdir, group, label)
        if not (folder / "settings.json").exists():
            raise RequestError(
                f"{group.name}: {label} has not been trained: run --stage=train"
            )
        if not (folder / "model").exists():
            export_run(folder)
    if _is_evaluated(plan, group, workdir):
        return
    print(f"Evaluating {group.name}", flush=True)
    from fast_depth_style.evaluation.evaluate import evaluate

    evaluate(_evaluation(plan, group, workdir))


def _evaluation(plan, group, workdir):
    reference = next(iter(group.runs.values()))
    return dataclasses.replace(
        plan.evaluation,
        models=tuple(
            f"{label}={run_folder(workdir, group, label)}"
            for label in group.runs
        ),
        style=reference.style,
        style_size=reference.style_size,
        output=str(evaluation_folder(workdir, group)),
    )


def _is_evaluated(plan, group, workdir):
    """Whether this very evaluation, of the models as they are, is done."""
    found = evaluation_folder(workdir, group) / "metrics.json"
    if not found.exists():
        return False
    wanted = dataclasses.asdict(_evaluation(plan, group, workdir))
    # As JSON has it: tuples are lists there.
    wanted = json.loads(json.dumps(wanted))
    exports = [
        run_folder(workdir, group, label) / "model" / "card.json"
        for label in group.runs
    ]
    return json.loads(found.read_text())["settings"] == wanted and all(
        export.exists() and export.stat().st_mtime <= found.stat().st_mtime
        for export in exports
    )
