r"""Trains the two networks of seven styles that the package brings.

    python research/shipped_styles.py --workdir=runs/styles \
        --paintings=FOLDER --photos=FOLDER --weights=FOLDER

Paintings are NAME.jpg for each of `STYLES`; of the photos, the part "train" of
photo_split.json is learned from ("validation" is for choices, "test" for the
final figures); weights are vgg19.npz and fast_depth.npz. The run resumes: give
the same command again. At its end the networks are written into the package
(`--install`).

Each of `PHASES` is a run in a folder of its own, which goes on from the one
before; `MOBILE_PHASE` then teaches the small network the pictures of the large
one. Time: about four hours and a half on two CPU cores with AVX512-BF16.
Expected: the table in docs/evaluation.md.

What ships was made on 2026-11-28 and 29 by these runs, with four differences:
in `start` depth came in over 500 steps in place of 134; content was weighted by
the photo's features only from `skies` on, where style_evenness was 1; paintings
were seen with their grain, and The Starry Night at the size of the others,
before `strokes`; the small network began to learn from `planes`. It is an
interim: 20,000 steps are meant.
"""

import dataclasses
import json
import os
import pathlib
import shutil
from typing import Any

from absl import app, flags
from PIL import Image, ImageFilter

import fast_depth_style as fds
from fast_depth_style.exporting.shipped import write_shipped
from fast_depth_style.exporting.shipped_card import FOLDERS, MOBILE, SHIPPED
from fast_depth_style.training.saved_run import load_network, run_card

_WORKDIR = flags.DEFINE_string("workdir", None, "Of the run.", required=True)
_PAINTINGS = flags.DEFINE_string(
    "paintings", None, "Folder of the paintings.", required=True
)
_PHOTOS = flags.DEFINE_string(
    "photos", None, "Folder of diverse/ and bsds500/.", required=True
)
_WEIGHTS = flags.DEFINE_string(
    "weights", None, "Folder of the frozen networks' weights.", required=True
)
_INSTALL = flags.DEFINE_bool(
    "install", False, "Write the network into the package."
)

STYLES = {
    "great_wave": "The Great Wave off Kanagawa, Katsushika Hokusai",
    "starry_night": "The Starry Night, Vincent van Gogh",
    "scream": "The Scream, Edvard Munch",
    "udnie": "Udnie, Francis Picabia",
    "shipwreck": "The Shipwreck of the Minotaur, J. M. W. Turner",
    "composition_vii": "Composition VII, Wassily Kandinsky",
    "water_lilies": "Water Lilies, Claude Monet",
}
# Files whose canvas or noise would be learned as strokes: details of less than
# 3.3 pixels had a fifth of the power of The Starry Night at 443 pixels.
_GRAINY = ("starry_night", "shipwreck", "water_lilies")
# Short side in pixels, for strokes of about one breadth.
_SIZES = {name: 384 if name == "starry_night" else 256 for name in STYLES}
_ALL = {
    "style_size": tuple(_SIZES.values()),
    "image_size": 224,
    "batch_size": 2,
    "content_layer": "relu3_4",
    "content_scale": 1,
    "content_weight": 2.0,
    "style_weight": 20.0,
    "preview_every": 500,
}
_FAST_DEPTH = "fast_depth:{weights}/fast_depth.npz"
_EARLY: dict[str, Any] = {
    "style_evenness": 0.0,
    "depth_network": f"{_FAST_DEPTH},compact",
}
_LATE: dict[str, Any] = {
    "content_weight": 3.0,
    "lattice_weight": 300.0,
    "style_rise": 0.25,
    "depth_network": _FAST_DEPTH,
    "depth_weight": 40.0,
}
PHASES: dict[str, dict[str, Any]] = {
    # The styles, with little regard for photos.
    "start": {
        **_EARLY,
        "steps": 1_340,
        "seed": 0,
        "content_weight": 1.0,
        "style_rise": 1.0,
        "depth_weight": 10.0,
        "depth_from": 0.187,
        "lattice_weight": 0.0,
        "decay_from": 1.0,
    },
    # The photos as well.
    "photos": {
        **_EARLY,
        "steps": 2_600,
        "seed": 1,
        "style_weight": 15.0,
        "style_rise": 0.5,
        "depth_weight": 10.0,
        "lattice_weight": 0.0,
    },
    # Depth, at any price in style.
    "depth": {
        **_EARLY,
        "steps": 1_090,
        "seed": 3,
        "style_weight": 15.0,
        "style_rise": 1.0,
        "depth_weight": 60.0,
        "decay_from": 1.0,
    },
    # Depth and style together.
    "both": {
        **_EARLY,
        "steps": 3_200,
        "seed": 4,
        "style_rise": 0.25,
        "depth_network": _FAST_DEPTH,
        "depth_weight": 40.0,
    },
    # Strokes everywhere.
    "skies": {
        **_LATE,
        "steps": 1_300,
        "seed": 5,
        "style_rise": 1.0,
        "depth_network": "none",
        "decay_from": 1.0,
    },
    # And planes again, as the dial says.
    "planes": {**_LATE, "steps": 2_400, "seed": 6},
    # And broader strokes.
    "strokes": {**_LATE, "steps": 1_800, "seed": 8},
}
MOBILE_PHASE = {**_LATE, "steps": 2_800, "seed": 7, "depth_network": "none"}


def main(argv: list[str]) -> None:
    """Trains, or continues to."""
    del argv
    weights, workdir = (
        pathlib.Path(flag.value).resolve() for flag in (_WEIGHTS, _WORKDIR)
    )
    paintings = _paintings(workdir)
    photos = _training_photos(workdir)
    initial = ""
    phases = PHASES | {"mobile": MOBILE_PHASE}
    for name, phase in phases.items():
        settings = fds.preset(
            "mobile" if phase is MOBILE_PHASE else "balanced",
            style=paintings,
            **(_ALL | phase),
        )
        starts = "teacher" if phase is MOBILE_PHASE else "initial_model"
        settings = dataclasses.replace(
            settings,
            content=str(photos),
            perceptual_network=f"vgg19:{weights / 'vgg19.npz'}",
            depth_network=settings.depth_network.format(weights=weights),
            **{starts: initial},
        )
        fds.train(settings, workdir / name)
        initial = str(workdir / name)
    if _INSTALL.value:
        steps = {name: phase["steps"] for name, phase in PHASES.items()}
        install(workdir / [*PHASES][-1], SHIPPED, "Seven styles", steps)
        steps = {"mobile": MOBILE_PHASE["steps"]}
        install(workdir / "mobile", MOBILE, "Seven styles, for phones", steps)


def install(
    workdir: pathlib.Path, name: str, title: str, steps: dict[str, int]
) -> None:
    """Writes the network of a run into the package, under a name of it."""
    trained = run_card(workdir)
    split = pathlib.Path(__file__).with_name("photo_split.json")
    card = {
        "name": title,
        "command": "research/shipped_styles.py",
        "hardware": "two cores of an AMD EPYC, bfloat16",
        "paintings": STYLES,
        "photos": f"{len(json.loads(split.read_text())['train'])} of ImageNet"
        " and BSDS500, photo_split.json",
        "steps": steps,
        "final_terms": trained["final_terms"],
        "evaluation": "docs/evaluation.md",
    }
    write_shipped(load_network(workdir), card, FOLDERS[name])


def _paintings(workdir: pathlib.Path) -> tuple[str, ...]:
    """Copies of the paintings, without grain, in their order."""
    folder = workdir / "paintings"
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in STYLES:
        source = pathlib.Path(_PAINTINGS.value, f"{name}.jpg")
        made.append(str(folder / f"{name}.png"))
        with Image.open(source) as painting:
            rgb = painting.convert("RGB")
        if name in _GRAINY:
            for _ in range(2):
                rgb = rgb.filter(ImageFilter.MedianFilter(3))
        rgb.save(made[-1])
    return tuple(made)


def _training_photos(workdir: pathlib.Path) -> pathlib.Path:
    """A folder of links to the photos that are learned from."""
    folder = workdir / "photos"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    split = pathlib.Path(__file__).with_name("photo_split.json")
    for name in json.loads(split.read_text())["train"]:
        photo = pathlib.Path(_PHOTOS.value, name).resolve()
        os.symlink(photo, folder / photo.name)
    return folder


if __name__ == "__main__":
    app.run(main)
