"""The page of a reproduction: the report's figures beside ours."""

import json
import os
import pathlib
import tempfile

from fast_depth_style.evaluation import statistics
from fast_depth_style.evaluation.statistics import Estimate
from fast_depth_style.evaluation.stylizers import CONTROLS
from fast_depth_style.reproduction.curves import draw_curves, save
from fast_depth_style.reproduction.matched_style import match_style
from fast_depth_style.reproduction.results import read_photos
from fast_depth_style.training.losses_log import read_losses

REPORTED = (
    ("depth difference with / without depth loss", "about half"),
    ("schedule", "2 epochs of COCO, about 40,000 steps of 4 photos"),
    ("time", "22 hours on a K80"),
    (
        "SSIM with the photo, with / without depth loss",
        "0.534 / 0.385 (a later MIT draft; style weight halved, no style"
        " figure)",
    ),
)
"""What Xu, Zhang, Yang 2017 report, and a draft that follows them."""

_MEASURED = (
    ("rmse", "RMSE, m"),
    ("delta1", "δ < 1.25 ↑"),
    ("spearman", "Spearman ↑"),
)


def write_page(plan, workdir: pathlib.Path, page: pathlib.Path) -> None:
    """Writes README.md, curves_GROUP.png and numbers.json.

    Args:
        plan: The `Plan`, all of whose groups are evaluated.
        workdir: The folder of the reproduction.
        page: Folder for the page; what was there is replaced file by file.
    """
    page.mkdir(parents=True, exist_ok=True)
    numbers = {}
    parts = [_head(plan)]
    for group in plan.groups:
        evaluation = workdir / "evaluations" / group.name
        found = _numbers(plan, group, read_photos(evaluation / "photos.csv"))
        if plan.evaluation.rgbd:
            rooms = read_photos(evaluation / "rooms.csv")
            found["rooms"] = _rooms(group, rooms)
        numbers[group.name] = found
        figure = draw_curves(
            {
                label: read_losses(
                    workdir / "runs" / group.name / label / "losses.csv"
                )
                for label in group.runs
            }
        )
        save(figure, page / f"curves_{group.name}.png")
        parts.append(_section(plan, group, found))
    _write(page / "numbers.json", json.dumps(numbers, indent=1) + "\n")
    _write(page / "README.md", "\n".join(parts))


def _numbers(plan, group, photos):
    reference = next(iter(group.runs))
    judges = _judges(photos)
    style = photos["style.balanced"]
    rows = {
        label: {
            "style": _plain(statistics.mean(style[label])),
            "style_ratio": _plain(
                statistics.ratio(style[label], style[reference])
            ),
            "ssim": _plain(statistics.mean(photos["content.ssim"][label])),
        }
        | {
            f"{judge}.{kind}": _plain(
                statistics.ratio(
                    photos[f"depth.{judge}.{kind}"][label],
                    photos[f"depth.{judge}.{kind}"][reference],
                )
            )
            for judge in judges
            for kind in ("squared", "aligned")
        }
        for label in (*group.runs, *CONTROLS)
    }
    own = {label: style[label] for label in group.runs}
    matched = {}
    for judge in judges:
        for kind in ("squared", "aligned"):
            depth = photos[f"depth.{judge}.{kind}"]
            found = match_style(own, depth, reference)
            matched[f"{judge}.{kind}"] = found and {
                "ratio": _plain(found.ratio),
                "style_ratio": found.style_ratio,
                "between": found.between,
            }
    return {"photos": len(style[reference]), "runs": rows, "matched": matched}


def _rooms(group, rooms):
    """{judge: {label: {metric: mean}}} against measured depth.

    The photo itself is the control `identity`.
    """
    return {
        judge: {
            label: {
                metric: _plain(
                    statistics.mean(rooms[f"measured.{judge}.{metric}"][label])
                )
                for metric, _ in _MEASURED
            }
            for label in ("identity", *group.runs)
        }
        for judge in _judges(rooms)
    }


def _judges(photos):
    """Names of the depth networks in a photos.csv."""
    return [
        name.split(".")[1]
        for name in photos
        if name.startswith("depth.") and name.endswith(".squared")
    ]


def _head(plan):
    lines = [
        "# The report reproduced",
        "",
        "Xu, Zhang, Yang 2017 train a style network with and without a depth"
        " loss. Here the same is done, and judged as well by a depth network"
        f" that training never saw ({plan.unseen_judge}).",
        "",
        "| | the report | here |",
        "|---|---|---|",
        f"| {REPORTED[0][0]} | {REPORTED[0][1]} | see below |",
        f"| {REPORTED[1][0]} | {REPORTED[1][1]} | see below |",
        f"| {REPORTED[2][0]} | {REPORTED[2][1]} | in each run's card |",
        f"| {REPORTED[3][0]} | {REPORTED[3][1]} | see below |",
        "",
        "Every figure is a mean over photos that were not trained on, with its"
        " 95 % bootstrap interval; depth errors are ratios to the run without"
        " depth, photo by photo. *identity* is the photo itself, *blur* a"
        " Gaussian blur: both buy depth with style.",
        "",
    ]
    return "\n".join(lines)


def _section(plan, group, found):
    reference = next(iter(group.runs.values()))
    schedule = _schedule(reference)
    if reference.initial_model:
        start = _schedule(plan.starts[reference.initial_model])
        schedule += f", after {start} without depth"
    columns = [name for name in next(iter(found["runs"].values()))]
    shown = [c for c in columns if c not in ("style_ratio",)]
    lines = [
        f"## {group.title}",
        "",
        f"{schedule}; judged on {found['photos']} photos.",
        "",
        "| run | depth weight | style loss | × | SSIM ↑ | "
        + " | ".join(f"depth error, {c}" for c in shown[2:])
        + " |",
        "|---" * (len(shown) + 3) + "|",
    ]
    for label, row in found["runs"].items():
        settings = group.runs.get(label)
        weight = "–"
        if settings is not None and settings.depth_network != "none":
            weight = f"{settings.depth_weight:g}"
        lines.append(
            f"| {label} | {weight} | {_number(row['style'])} |"
            f" {_number(row['style_ratio'])} | {_number(row['ssim'])} | "
            + " | ".join(_interval(row[c]) for c in shown[2:])
            + " |"
        )
    lines += ["", "At the style loss of the run without depth:", ""]
    for name, matched in found["matched"].items():
        if matched is None:
            lines.append(f"- {name}: no run's style loss is that low.")
            continue
        lines.append(
            f"- {name}: **{_interval(matched['ratio'])}** of the depth error"
            f" (style × {matched['style_ratio']:.3g};"
            f" {' – '.join(matched['between'])})."
        )
    for judge, rows in found.get("rooms", {}).items():
        lines += [
            "",
            f"Against measured depth of rooms, estimated by {judge} from the"
            " photo and from its stylization, after the best scale and shift:",
            "",
            "| | " + " | ".join(title for _, title in _MEASURED) + " |",
            "|---" * (len(_MEASURED) + 1) + "|",
            *(
                f"| {'photo' if label == 'identity' else label} | "
                + " | ".join(_number(row[metric]) for metric, _ in _MEASURED)
                + " |"
                for label, row in rows.items()
            ),
        ]
    lines += [
        "",
        f"![Training curves](curves_{group.name}.png)",
        "",
    ]
    return "\n".join(lines)


def _schedule(settings):
    photos = "photo" if settings.batch_size == 1 else "photos"
    return (
        f"{settings.steps} steps of {settings.batch_size} {photos} at"
        f" {settings.image_size} pixels"
    )


def _plain(estimate: Estimate) -> list[float]:
    return [estimate.value, estimate.low, estimate.high]


def _number(values):
    return f"{values[0]:.3g}"


def _interval(values):
    return "{:.2f} [{:.2f}, {:.2f}]".format(*values)


def _write(path: pathlib.Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, delete=False, encoding="utf-8"
    ) as aside:
        aside.write(text)
    os.replace(aside.name, path)
