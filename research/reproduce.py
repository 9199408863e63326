r"""Trains styles with and without depth loss, and compares them in one table.

    python research/reproduce.py --material=FOLDER --workdir=runs/reproduction

FOLDER holds paintings/NAME.jpg for each of `PAINTINGS`, photos/diverse to learn
from, photos/bsds500/test to be measured on, weights/vgg19.npz and
weights/fast_depth.npz. The same command continues: finished runs and
evaluations are not made again. Under JAX it trains only; once more without
KERAS_BACKEND it evaluates.

    WORKDIR/starts/NAME/          a run without depth, from which others start
    WORKDIR/runs/NAME/LABEL/      one training run each
    WORKDIR/evaluations/NAME/     the report of a painting
    WORKDIR/table.md              the table

Time: 2.5 hours on two CPU cores that had other work too.
Expected: squared depth error with over without depth loss, by FastDepth and by
the compact network, The Starry Night 0.45 and 0.42, The Scream 0.41 and 0.76,
Udnie 0.58 and 0.61, Composition VII at depth weight 20 0.28 and 0.46; style
loss at full scale 0.76, 1.02, 0.93 and 0.85. They were measured on 2026-11-27,
before the depth network saw pictures at a random zoom and before content was
weighted by the photo and style by quarters.
"""

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from absl import flags

import fast_depth_style as fds
from fast_depth_style import files
from fast_depth_style.tools import program

_MATERIAL = flags.DEFINE_string(
    "material", None, "Folder of paintings, photos and weights.", required=True
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of everything that is made.", required=True
)

_WITH_DEPTH = {"depth": {"style_weight": 15, "depth_weight": 12}}
# In the group of Composition VII the depth weight varies.
_SWEEP = {
    f"depth_{weight}": {"style_weight": 15, "depth_weight": weight}
    for weight in (1, 3, 6, 12, 20)
}
PAINTINGS: dict[str, dict[str, Any]] = {
    "starry_night": {"steps": 1_200, "runs": _WITH_DEPTH},
    "the_scream": {"steps": 1_200, "runs": _WITH_DEPTH},
    "udnie": {"steps": 1_200, "runs": _WITH_DEPTH},
    "composition_vii": {"steps": 400, "runs": _SWEEP},
}

METRICS = (
    *("style.loss", "style.scale1", "style.scale2", "style.scale4"),
    *("colour.distance", "content.loss", "content.ssim"),
    *("depth.fast_depth.squared", "depth.fast_depth.aligned"),
    *("depth.compact.squared", "depth.compact.aligned"),
)
"""Columns of the table; docs/evaluation.md says what they are."""

Groups = Mapping[str, Mapping[str, fds.TrainingSettings]]
"""{painting: {label: settings}}: the first run of each is without depth."""


def main() -> None:
    """Trains, evaluates and prints the table."""
    material = files.resolve(_MATERIAL.value, "material")
    workdir = files.resolve(_WORKDIR.value, "workdir")
    files.require_own_folder(workdir, "workdir", "run")
    files.mark_own_folder(workdir, "run")
    import keras

    starts, groups = plan(material)
    train_all(starts, groups, workdir)
    if keras.backend.backend() != "tensorflow":
        print("Trained. The same command without KERAS_BACKEND evaluates.")
        return
    print(evaluate_all(groups, evaluation(material), workdir))
    print(f"Done. The table is {workdir / 'table.md'}")


def plan(
    material: pathlib.Path,
) -> tuple[dict[str, fds.TrainingSettings], Groups]:
    """A start for each painting, and the runs that go on from it."""
    shared = {
        "dials": False,
        "content": str(material / "photos" / "diverse"),
        "perceptual_network": f"vgg19:{material / 'weights' / 'vgg19.npz'}",
        "batch_size": 1,
        "checkpoint_every": 500,
        "preview_every": 500,
    }
    none = {"depth_network": "none"}
    teacher = f"fast_depth:{material / 'weights' / 'fast_depth.npz'}"
    starts: dict[str, fds.TrainingSettings] = {}
    groups: dict[str, dict[str, fds.TrainingSettings]] = {}
    for name, each in PAINTINGS.items():
        own = {"style": (str(material / "paintings" / f"{name}.jpg"),)}
        starts[name] = fds.preset(
            "balanced", **shared, **own, **none, image_size=192, steps=1_200
        )
        own |= {"steps": each["steps"], "seed": 1, "learning_rate": 2e-3}
        groups[name] = {
            label: fds.preset(
                "balanced", **(shared | own | {"depth_network": teacher} | run)
            )
            for label, run in {"none": none, **each["runs"]}.items()
        }
    return starts, groups


def evaluation(material: pathlib.Path) -> fds.EvaluationSettings:
    """What all evaluations share; models, style and output are empty."""
    weights = material / "weights"
    return fds.EvaluationSettings(
        content=str(material / "photos" / "bsds500" / "test"),
        photos=100,
        perceptual_network=f"vgg19:{weights / 'vgg19.npz'}",
        depth_network=(f"fast_depth:{weights / 'fast_depth.npz'}", "compact"),
        teachers=(f"fast_depth:{weights / 'fast_depth.npz'}",),
    )


def train_all(
    starts: Mapping[str, fds.TrainingSettings],
    groups: Groups,
    workdir: pathlib.Path,
) -> list[pathlib.Path]:
    """Trains what is not trained yet; returns the folders of the runs."""
    from fast_depth_style.training.run import train

    folders = []
    for name, settings in starts.items():
        print(f"Training the start {name}", flush=True)
        folders.append(train(settings, workdir / "starts" / name))
    for name, runs in groups.items():
        for label, settings in runs.items():
            print(f"Training {name}: {label}", flush=True)
            start = str(workdir / "starts" / name)
            settings = dataclasses.replace(settings, initial_model=start)
            folders.append(train(settings, _run(workdir, name, label)))
    return folders


def evaluate_all(
    groups: Groups, shared: fds.EvaluationSettings, workdir: pathlib.Path
) -> str:
    """Evaluates what is not evaluated yet; writes and returns the table."""
    from fast_depth_style.training.run import export_run

    rows = []
    for name, runs in groups.items():
        models = {}
        for label in runs:
            run = _run(workdir, name, label)
            if not (run / "model" / "card.json").exists():
                export_run(run)
            models[label] = run / "model"
        output = workdir / "evaluations" / name
        if not _is_newer(output / "metrics.json", models.values()):
            print(f"Evaluating {name}", flush=True)
            first = next(iter(runs.values()))
            (painting,), (style_size,) = first.style, first.style_size
            fds.evaluate(
                dataclasses.replace(
                    shared,
                    models=tuple(f"{k}={v}" for k, v in models.items()),
                    style=painting,
                    style_size=style_size,
                    output=str(output),
                )
            )
        found = json.loads((output / "metrics.json").read_text())
        rows += table_rows(name, found["sets"]["photos"]["metrics"])
    head = ["painting", "model", *METRICS]
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
    files.write_text(workdir / "table.md", table)
    return table


def table_rows(painting: str, metrics: Mapping[str, Any]) -> list[list[str]]:
    """A row for each model: ratios to the first, with 95 % intervals.

    `metrics` are those of the photos in a metrics.json; "–" stands where it has
    no number.
    """

    def cell(metric, label):
        found = metrics.get(metric, {"models": {label: {}}})["models"][label]
        ratio = found.get("ratio", {})
        if None in ratio.values() or not ratio:
            return "–"
        return "{value:.2f} [{low:.2f}, {high:.2f}]".format(**ratio)

    labels = next(iter(metrics.values()))["models"]
    return [
        [painting, label, *(cell(metric, label) for metric in METRICS)]
        for label in labels
    ]


def _run(workdir: pathlib.Path, name: str, label: str) -> pathlib.Path:
    return workdir / "runs" / name / label


def _is_newer(path: pathlib.Path, models: Iterable[pathlib.Path]) -> bool:
    made = [(model / "card.json").stat().st_mtime for model in models]
    return path.exists() and path.stat().st_mtime >= max(made)


if __name__ == "__main__":
    program.run(main)
