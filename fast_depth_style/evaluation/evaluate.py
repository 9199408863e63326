"""The evaluation: photo by photo through models, judges and metrics."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from fast_depth_style import files
from fast_depth_style import settings as fields
from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation import photo_sets
from fast_depth_style.evaluation import table as tables
from fast_depth_style.evaluation.evaluator import (
    Context,
    Evaluator,
    Sample,
    find_evaluators,
)
from fast_depth_style.evaluation.judges import load_judges
from fast_depth_style.evaluation.report import render
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.evaluation.stylizers import Stylizer, load_stylizers
from fast_depth_style.evaluation.video import measure_clips
from fast_depth_style.images.painting import read_painting
from fast_depth_style.perception.registry import perceptual_network
from fast_depth_style.runs.progress import track

EXAMPLES = 3
"""Photos of a set that the report shows: the first ones."""


def evaluate(settings: EvaluationSettings) -> list[tables.Table]:
    """Measures models on photos and writes a report.

    `settings.output` receives index.html, metrics.json, and per photo
    photos.csv and rooms.csv; per clip clips.csv.

    Returns:
        One table per set of photos, and one of clips.

    Raises:
        RequestError: Something that was asked for cannot be had; found before
            any photo is evaluated.
    """
    folder = files.resolve(settings.output, "output")
    files.require_own_folder(folder, "output", "evaluation", ("metrics.json",))
    files.require_writable(folder, "output")
    sets = [
        find(files.resolve(given, flag), settings.photos)
        for flag, given, find in (
            ("content", settings.content, photo_sets.content_photos),
            ("rgbd", settings.rgbd, photo_sets.rgbd_photos),
        )
        if given
    ]
    if not sets and not settings.video:
        raise RequestError(
            "no photos: give --content=FOLDER, --rgbd=FOLDER or --video=FOLDER"
        )
    context = _load_context(settings)
    stylizers = load_stylizers(settings.models)
    files.mark_own_folder(folder, "evaluation")
    found = []
    for photos in sets:
        context = dataclasses.replace(context, measured=photos.measured)
        evaluators = find_evaluators(context)
        table = measure(photos, stylizers, evaluators, settings.image_size)
        found.append((table, tables.compare(table)))
    if settings.video:
        table = measure_clips(
            files.resolve(settings.video, "video"),
            stylizers,
            context,
            settings.image_size,
            settings.frames,
            settings.photos,
        )
        found.append((table, tables.compare(table)))
    for table, _ in found:
        tables.write_csv(folder / f"{table.name}.csv", table)
    summary = {
        "settings": fields.to_json(settings),
        "judges": {
            each.name: {"spec": each.spec, "relation": each.relation}
            for each in context.judges
        },
        "sets": {table.name: tables.summarize(table, c) for table, c in found},
    }
    files.write_json(folder / "metrics.json", summary)
    page = render(found, settings, context.judges)
    files.write_text(folder / "index.html", page)
    for name in {"photos", "rooms", "clips"} - {
        table.name for table, _ in found
    }:
        # Of an earlier run with other photos.
        (folder / f"{name}.csv").unlink(missing_ok=True)
    return [table for table, _ in found]


def _load_context(settings: EvaluationSettings) -> Context:
    style = files.resolve(settings.style, "style")
    painting = read_painting(style, settings.style_size)
    objective = settings.objective()
    judges = []
    if settings.content or settings.rgbd or settings.depth_network:
        judges = load_judges(settings.depth_network, settings.teachers)
    return Context(
        objective,
        perceptual_network(settings.perceptual_network, objective.layers()),
        painting,
        judges,
    )


def measure(
    photos: photo_sets.PhotoSet,
    stylizers: Sequence[Stylizer],
    evaluators: Sequence[Evaluator],
    side: int,
) -> tables.Table:
    """Measures every model, the reference first, on one photo after another.

    Photos are cut to squares and scaled to `side` pixels; unusable ones are
    skipped.

    Raises:
        RequestError: Not one photo could be used.
    """
    metrics = [metric for e in evaluators for metric in e.metrics]
    columns: dict[str, list] = {metric.name: [] for metric in metrics}
    # Names of files may be any bytes; from here on they are text.
    skipped = [(files.printable(file), why) for file, why in photos.skipped]
    names: list[str] = []
    examples: dict[str, np.ndarray] = {}
    for photo in track(photos.photos, unit="photo", title=photos.name):
        name = files.printable(photo.name)
        try:
            rgb, measured = photo_sets.read_photo(photo, side)
            pictures = [s.stylize(rgb, photo.name) for s in stylizers]
        except photo_sets.UnusablePhoto as error:
            skipped.append((name, files.printable(str(error))))
            continue
        sample = Sample(rgb, np.stack(pictures), measured)
        for evaluator in evaluators:
            rows = evaluator.measure(sample)
            for metric in evaluator.metrics:
                columns[metric.name].append([row[metric.name] for row in rows])
        names.append(name)
        if len(examples) < EXAMPLES:
            examples[name] = np.stack([rgb, *pictures])
    if not names:
        raise RequestError(
            f"none of the {len(photos.photos)} {photos.name} can be used:"
            f" {skipped[-1][0]}: {skipped[-1][1]}"
        )
    return tables.Table(
        photos.name,
        [stylizer.label for stylizer in stylizers],
        names,
        metrics,
        {name: np.array(column).T for name, column in columns.items()},
        skipped,
        {s.label: s.source for s in stylizers if s.is_control},
        examples,
    )
