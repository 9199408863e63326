"""The same picture with the depth term and without, against iterations."""

import csv
import dataclasses
import os
import pathlib
from collections.abc import Sequence

import matplotlib.figure
import numpy as np
from keras import ops

from fast_depth_style.images.files import Picture, write_picture
from fast_depth_style.images.size import resize
from fast_depth_style.losses.depth import aligned_depth_loss
from fast_depth_style.optimization.optimize import Work, optimize
from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.optimization.strip import kept_pictures
from fast_depth_style.perception import registry
from fast_depth_style.requests import RequestError
from fast_depth_style.training.preview import contact_sheet

ARMS = ("with_depth", "without_depth")


def compare_depth(
    settings: OptimizationSettings,
    judges: Sequence[str],
    output: str | os.PathLike,
) -> list[dict]:
    """Makes a picture twice, and measures both at the strip's iterations.

    Beside OUTPUT.png come OUTPUT_with_depth.png and OUTPUT_without_depth.png,
    each with its folder, OUTPUT.csv with the rows that are returned and
    OUTPUT_curves.png with their curves. OUTPUT.png itself holds the photo and
    the pictures, with depth above. The same command continues.

    Depth is to be judged by networks that the depth term did not use: pixels
    can please the one that it used without looking deep to anyone else.

    Args:
        settings: What the picture is with depth.
        judges: Depth networks, as for `--depth_network`.
        output: The contact sheet's file.

    Returns:
        A row for each arm and iteration: arm, iteration, style, content, and
        for each judge depth_JUDGE, the squared error after the best scale and
        shift over the photo's own depth variance (`aligned_depth_loss`).

    Raises:
        RequestError: Something asked for cannot be had.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    output = pathlib.Path(output)
    if "depth" not in settings.term_weights():
        raise RequestError(
            "nothing to compare: give a --depth_network and a --depth_weight"
        )
    networks = {
        f"depth_{spec.partition(':')[0]}": registry.depth_network(spec)
        for spec in judges
    }
    if None in networks.values():
        raise RequestError("none cannot judge depth: name a depth network")
    arms = {
        "with_depth": settings,
        "without_depth": dataclasses.replace(settings, depth_weight=0.0),
    }
    # Whatever the weights, style and content are measured.
    work = Work(
        dataclasses.replace(
            arms["without_depth"],
            style_weight=1.0,
            content_weight=1.0,
            photorealism_weight=0.0,
        )
    )
    strips = {}
    for arm, each in arms.items():
        folder = optimize(each, output.with_stem(f"{output.stem}_{arm}"))
        strips[arm] = kept_pictures(folder)
    # One arm may have ended early, where no step made it better.
    shared = sorted(set.intersection(*map(set, strips.values())))
    strips = {
        arm: {iteration: strip[iteration] for iteration in shared}
        for arm, strip in strips.items()
    }
    rows = _measure(strips, work, networks)
    sheet = [
        [resize(picture, work.photo.shape[:2]) for picture in row]
        for row in ([work.photo, *strip.values()] for strip in strips.values())
    ]
    write_picture(output, Picture(contact_sheet(sheet)))
    _write_rows(output.with_suffix(".csv"), rows)
    _draw(output.with_name(f"{output.stem}_curves.png"), rows)
    return rows


def _measure(strips, work, networks):
    objective = work.objective(len(work.sizes) - 1)
    photos = _batch(work.photo)
    goals = {name: judge(photos) for name, judge in networks.items()}
    rows = []
    for arm, strip in strips.items():
        for iteration, picture in strip.items():
            terms = objective(picture.astype(np.float32)).terms
            row = {"arm": arm, "iteration": iteration}
            row |= {name: terms[name] for name in ("style", "content")}
            for name, judge in networks.items():
                error = aligned_depth_loss(judge(_batch(picture)), goals[name])
                row[name] = float(error)
            rows.append(row)
    return rows


def _batch(picture):
    return ops.convert_to_tensor(picture[None], "float32")


def _write_rows(path, rows):
    aside = path.with_name(f".{path.name}")
    with aside.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    aside.replace(path)


def _draw(path, rows):
    names = [name for name in rows[0] if name not in ("arm", "iteration")]
    figure = matplotlib.figure.Figure(
        figsize=(4 * len(names), 3.2), layout="constrained"
    )
    for axes, name in zip(
        figure.subplots(1, len(names), squeeze=False)[0], names, strict=True
    ):
        for arm in ARMS:
            found = [row for row in rows if row["arm"] == arm]
            axes.plot(
                [row["iteration"] for row in found],
                [row[name] for row in found],
                marker=".",
                label=arm.replace("_", " "),
            )
        axes.set_title(name)
        axes.set_xlabel("iteration")
    axes.legend()
    aside = path.with_name(f".{path.name}")
    figure.savefig(aside, dpi=100)
    aside.replace(path)
