"""The evaluation: photo by photo through models, judges and metrics."""

import csv
import dataclasses
import json
import os
import pathlib
import secrets
import sys
from collections.abc import Sequence

import numpy as np
import tqdm

from fast_depth_style.evaluation import photo_sets
from fast_depth_style.evaluation.evaluator import (
    Context,
    Evaluator,
    Sample,
    find_evaluators,
)
from fast_depth_style.evaluation.examples import find_examples
from fast_depth_style.evaluation.report import render
from fast_depth_style.evaluation.settings import EvaluationSettings
from fast_depth_style.evaluation.stylizers import Stylizer, load_stylizers
from fast_depth_style.evaluation.table import Table, csv_rows, summarize
from fast_depth_style.images.files import UnreadablePicture, read_rgb
from fast_depth_style.images.size import fit_short_side
from fast_depth_style.perception.registry import (
    depth_network,
    perceptual_network,
)
from fast_depth_style.requests import RequestError


def evaluate(settings: EvaluationSettings) -> list[Table]:
    """Evaluates and writes the report.

    `settings.output` receives index.html, metrics.json, and per photo
    photos.csv and rooms.csv.

    Args:
        settings: What to evaluate.

    Returns:
        One table per set of photos.

    Raises:
        RequestError: Something that was asked for cannot be had; found before
            any photo is evaluated.
    """
    sets = []
    if settings.content:
        sets.append(
            photo_sets.content_photos(settings.content, settings.photos)
        )
    if settings.rgbd:
        sets.append(photo_sets.rgbd_photos(settings.rgbd, settings.photos))
    if not sets:
        raise RequestError("no photos: give --content=FOLDER or --rgbd=FOLDER")
    context = _make_context(settings)
    stylizers = load_stylizers(settings.models)
    folder = _prepare(settings.output)
    tables = []
    for photos in sets:
        evaluators = find_evaluators(
            dataclasses.replace(context, measured=photos.measured)
        )
        table = measure(photos, stylizers, evaluators, settings.image_size)
        _write_rows(folder / f"{table.name}.csv", csv_rows(table))
        tables.append(table)
    found = {
        "settings": dataclasses.asdict(settings),
        "sets": summarize(tables),
    }
    _write_text(
        folder / "metrics.json", json.dumps(found, indent=1, allow_nan=False)
    )
    examples = []
    for table, photos in zip(tables, sets, strict=True):
        examples += find_examples(
            table, photos, stylizers, context.judges, settings.image_size
        )
    controls = [s.label for s in stylizers if s.is_control]
    _write_text(
        folder / "index.html", render(tables, settings, examples, controls)
    )
    for name in {"photos", "rooms"} - {table.name for table in tables}:
        # Of an earlier run with other photos.
        (folder / f"{name}.csv").unlink(missing_ok=True)
    return tables


def measure(
    photos: photo_sets.PhotoSet,
    stylizers: Sequence[Stylizer],
    evaluators: Sequence[Evaluator],
    side: int,
) -> Table:
    """Measures every model on every photo, one photo at a time.

    Args:
        photos: The photos; unusable ones are skipped.
        stylizers: The models, the reference first.
        evaluators: The families of metrics.
        side: Pixels of the squares that photos are cut and scaled to.

    Raises:
        RequestError: Not one photo could be used.
    """
    metrics = [metric for e in evaluators for metric in e.metrics]
    names, columns = [], {metric.name: [] for metric in metrics}
    skipped = list(photos.skipped)
    for photo in tqdm.tqdm(
        photos.photos, photos.name, unit="photo", file=sys.stderr
    ):
        try:
            rgb, measured = photo_sets.read_photo(photo, side)
            pictures = [s.stylize(rgb, photo.name) for s in stylizers]
        except photo_sets.UnusablePhoto as error:
            skipped.append((photo.name, str(error)))
            continue
        sample = Sample(rgb, np.stack(pictures), measured)
        rows = [{} for _ in stylizers]
        for evaluator in evaluators:
            for row, found in zip(rows, evaluator.measure(sample), strict=True):
                row.update(found)
        names.append(photo.name)
        for name, column in columns.items():
            column.append([row[name] for row in rows])
    if not names:
        raise RequestError(
            f"none of the {len(skipped)} {photos.name} can be used: "
            f"{skipped[0][0]}: {skipped[0][1]}"
        )
    return Table(
        photos.name,
        [stylizer.label for stylizer in stylizers],
        names,
        metrics,
        {name: np.array(column).T for name, column in columns.items()},
        skipped,
    )


def _make_context(settings):
    try:
        painting = read_rgb(settings.style)
    except UnreadablePicture as error:
        raise RequestError(f"the painting: {error}") from error
    painting = fit_short_side(painting, settings.style_size)
    layers = {*settings.style_layers, settings.content_layer}
    judges = {}
    for spec in settings.depth_network:
        judge = depth_network(spec)
        if judge is None:
            raise RequestError(
                "nobody judges depth: give --depth_network=NETWORK[,NETWORK]"
            )
        kind = spec.partition(":")[0]
        same = sum(name.split("-")[0] == kind for name in judges)
        judges[f"{kind}-{same + 1}" if same else kind] = judge
    return Context(
        perceptual=perceptual_network(
            settings.perceptual_network, sorted(layers)
        ),
        style_layers=settings.style_layers,
        content_layer=settings.content_layer,
        painting=painting[None].astype("float32"),
        judges=judges,
        measured=False,
    )


def _prepare(output):
    folder = pathlib.Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise RequestError(
            f"cannot write to {output}: {error.strerror}; give another --output"
        ) from error
    return folder


def _write_rows(path, rows):
    aside = path.with_name(f".{path.name}.part")
    with aside.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    os.replace(aside, path)


def _write_text(path, text):
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)
