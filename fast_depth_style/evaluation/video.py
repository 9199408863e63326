"""Temporal consistency metrics of stylized clips."""

import os
from collections.abc import Sequence

import numpy as np

from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation import clips, objective_metrics, photo_sets
from fast_depth_style.evaluation.evaluator import Context, Metric, Sample
from fast_depth_style.evaluation.stylizers import Stylizer
from fast_depth_style.evaluation.table import Table
from fast_depth_style.files import printable
from fast_depth_style.runs.progress import track

METRICS = [
    Metric("clip.error", "Warping error, grey levels", headline=True),
    Metric("clip.ratio", "… over frame by frame", headline=True),
    Metric("clip.style", "Style loss", headline=True),
    Metric("clip.style_ratio", "… over frame by frame", headline=True),
]
_STYLE_FRAMES = 3  # Of a clip, in which style is measured; evenly spread.


def measure_clips(
    folder: str | os.PathLike[str],
    stylizers: Sequence[Stylizer],
    context: Context,
    side: int,
    frames: int,
    limit: int = 0,
) -> Table:
    """Films a clip over each photo of a folder, and paints it in two ways.

    Photos take the movements of `clips.MOVEMENTS` in turn. Each model has two
    rows: frame by frame, and steady; the photos' own come last.

    Args:
        folder: Of photos.
        stylizers: Those that are models are measured.
        context: Of the style loss.
        side: Of the frames, in pixels.
        frames: Of a clip.
        limit: Photos at most, evenly spread; 0 for all.

    Raises:
        RequestError: There is no model, or no photo that can be read.
    """
    painters = {s.label: s.painter for s in stylizers if s.painter is not None}
    if not painters:
        raise RequestError("--video: name a model in --models that can paint")
    photos = photo_sets.content_photos(folder, limit, "video")
    skipped = [(printable(file), why) for file, why in photos.skipped]
    style = objective_metrics.evaluators(context)[0]
    labels = [
        f"{label}, {how}"
        for label in painters
        for how in ("frame by frame", "steady")
    ]
    labels.append("identity")
    rows: list[list[list[float]]] = []
    names: list[str] = []
    examples: dict[str, np.ndarray] = {}
    for photo in track(photos.photos, unit="clip", title="clips"):
        try:
            square, _ = photo_sets.read_photo(photo, clips.photo_side(side))
        except photo_sets.UnusablePhoto as error:
            skipped.append((printable(photo.name), printable(str(error))))
            continue
        movement = clips.MOVEMENTS[len(names) % len(clips.MOVEMENTS)]
        clip = clips.film(square, movement, frames, seed=len(names))
        painted = []
        for make in painters.values():
            for steady in (False, True):
                painter = make(steady)
                painted.append([painter.paint(rgb) for rgb in clip.frames])
        painted.append(clip.frames)
        chosen = np.linspace(0, frames - 1, _STYLE_FRAMES + 1).astype(int)[1:]
        losses = np.mean(
            [
                [
                    row["style.loss"]
                    for row in style.measure(
                        Sample(
                            clip.frames[i], np.stack([p[i] for p in painted])
                        )
                    )
                ]
                for i in chosen
            ],
            axis=0,
        )
        errors = np.array([clips.warping_error(clip, p) for p in painted])
        rows.append(
            [
                errors.tolist(),
                _over_plain(errors),
                losses.tolist(),
                _over_plain(losses),
            ]
        )
        name = f"{printable(photo.name)}, {movement}"
        names.append(name)
        examples[name] = np.stack([clip.frames[-1], *(p[-1] for p in painted)])
    if not names:
        raise RequestError(f"--video={printable(folder)}: no photo can be read")
    values = np.array(rows).transpose(1, 2, 0)
    return Table(
        "clips",
        labels,
        names,
        METRICS,
        {m.name: v for m, v in zip(METRICS, values, strict=True)},
        skipped,
        {"identity": "identity"},
        dict([*examples.items()][: len(clips.MOVEMENTS)]),
    )


def _over_plain(values: np.ndarray) -> list[float]:
    """Each over the same model's frame by frame; the photos' have none."""
    plain = np.repeat(values[:-1:2], 2)
    return [*(values[:-1] / plain), np.nan]
