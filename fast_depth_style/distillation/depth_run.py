"""A depth distillation, from folders to a shipped, measured file."""

import json
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from fast_depth_style.distillation.depth import (
    DepthDistillation,
    DepthDistiller,
    evaluate_rooms,
)
from fast_depth_style.distillation.depth_data import (
    DepthPictures,
    read_rooms,
    read_squares,
    split_rooms,
    study,
)
from fast_depth_style.images.files import list_pictures
from fast_depth_style.perception import shipped_weights
from fast_depth_style.perception.compact_depth import WEIGHTS, CompactDepth
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.requests import RequestError


def run_depth(
    config: DepthDistillation,
    teacher: DepthEstimator,
    rgbd: pathlib.Path,
    photo_folders: Sequence[pathlib.Path],
    workdir: pathlib.Path,
    weights_folder: pathlib.Path = shipped_weights.FOLDER,
    say: Callable[[str], None] = print,
) -> dict[str, float]:
    """Trains, writes the weights, and measures what was written.

    Args:
        config: Numbers of the run.
        teacher: Estimates metres in `photo_folders` and shows its features.
        rgbd: Rooms with measured depth: rgb/NNNN.jpg and depth/NNNN.png.
        photo_folders: Photos of other places, searched in depth.
        workdir: State of the run; the same call continues it. At the end
            `scores.json` lies there.
        weights_folder: Where the weights and their digest go.
        say: Takes the lines of progress.

    Returns:
        The scores of `evaluate_rooms` on the rooms held out.

    Raises:
        RequestError: A folder is missing or holds too little.
    """
    for folder in photo_folders:
        if not folder.is_dir():
            raise RequestError(f"no folder {folder}")
    photos = [
        path for folder in photo_folders for path in list_pictures(folder)
    ]
    if not photos:
        raise RequestError("no photos: give folders of pictures")
    training, held_out = split_rooms(rgbd)
    say(
        f"{len(training)} rooms and {len(photos)} photos to train on, "
        f"{len(held_out)} rooms held out"
    )
    rooms = read_rooms(training)
    rgb = np.concatenate([rooms.rgb, read_squares(photos)])
    seen, hints = _study(rgb, teacher, workdir, say)
    n = len(rooms)
    pictures = DepthPictures(
        rgb,
        np.concatenate([rooms.inverse_depth, seen[n:]]),
        np.arange(len(rgb)) < n,
        hints,
    )
    distiller = DepthDistiller(config, pictures, workdir)
    if distiller.step:
        say(f"continuing at step {distiller.step}")
    distiller.run(say)
    path = shipped_weights.write_shipped_weights(
        WEIGHTS, distiller.weights(), weights_folder
    )
    say(f"wrote {path} ({path.stat().st_size / 1e6:.2f} MB)")
    network = CompactDepth(
        shipped_weights.read_shipped_weights(WEIGHTS, weights_folder)
    )
    scores = evaluate_rooms(network, read_rooms(held_out))
    (workdir / "scores.json").write_text(json.dumps(scores, indent=2) + "\n")
    say(
        f"{scores['rooms']} rooms held out: Spearman with measured depth "
        f"{scores['spearman_median']:.3f} (median), "
        f"{scores['spearman_tenth']:.3f} (lowest tenth); delta < 1.25 "
        f"{scores['delta_1_25']:.3f} after scale and shift"
    )
    return scores


def _study(rgb, teacher, workdir, say):
    """What the teacher sees, from an earlier start of the run or anew."""
    path = workdir / "teacher.npz"
    if path.is_file():
        with np.load(path) as file:
            if len(file["inverse_depth"]) == len(rgb):
                return file["inverse_depth"], file["hints"]
    say(f"asking {teacher.name} about {len(rgb)} pictures")
    inverse_depth, hints = study(rgb, teacher)
    workdir.mkdir(parents=True, exist_ok=True)
    aside = workdir / ".teacher.npz"
    np.savez(aside, inverse_depth=inverse_depth, hints=hints)
    aside.replace(path)
    return inverse_depth, hints
