r"""Trains the two networks of seven styles that the package brings.

    python research/shipped_styles.py --material=FOLDER --workdir=runs/styles

FOLDER is as style_material.py says. Of its photos, the part "train" of
photo_split.json is learned from ("validation" is for choices, "test" for the
final figures). The run resumes: give the same command again. At its end the
networks are written into the package (`--install`).

Each of `PHASES` is a run in a folder of its own, which goes on from the one
before; `MOBILE_PHASE` then teaches the small network the pictures of the large
one. Time: about six hours and a half on two CPU cores with AVX512-BF16.
Expected: the table in docs/evaluation.md.

What ships was made from 2026-11-28 to 30 by these runs, with six differences:
in `start` depth came in over 500 steps in place of 134; content was weighted by
the photo's features only from `skies` on, where style_evenness was 1 and the
depth dial learned to have style at twice the weight; paintings were seen with
their grain, and The Starry Night at the size of the others, before `strokes`;
the first 764 steps of `darks` had a style weight of 20 and a content weight of
3, and its rate began anew after them; `contrast` began from float16 weights;
the small network began to learn from `planes`, without covariances and RGB, and
learned from `deep` for 1,200 steps, from `darks` for 800 and from `contrast`
for the last 1,200 of 6,000. It is an interim: networks still learn.
ON_ACCELERATOR, meant for ten minutes of an H200 with KERAS_BACKEND=jax, has not
been run.
"""

import dataclasses
import pathlib
from typing import Any

import style_material
from absl import flags

import fast_depth_style as fds
from fast_depth_style import files
from fast_depth_style.exporting.shipped_card import FOLDERS, MOBILE, SHIPPED
from fast_depth_style.tools import program

_MATERIAL = flags.DEFINE_string(
    "material", None, "Folder of paintings, photos and weights.", required=True
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the runs.", required=True
)
_ACCELERATOR = flags.DEFINE_bool(
    "accelerator", False, "Train by `ON_ACCELERATOR` in place of `PHASES`."
)
_COPY = flags.DEFINE_string(
    "copy_material", None, "Only copy what is needed there, some 45 MB."
)
_INSTALL = flags.DEFINE_bool(
    "install", False, "Write the network into the package."
)

_ALL = {
    "style_size": tuple(style_material.SIZES.values()),
    "image_size": 224,
    "batch_size": 2,
    "content_layer": "relu3_4",
    "content_scale": 1,
    "content_weight": 2.0,
    "style_weight": 20.0,
    "preview_every": 500,
}
_FAST_DEPTH = "fast_depth"
_EARLY: dict[str, Any] = {
    "style_covariance": 0.0,
    "style_evenness": 0.0,
    "depth_network": f"{_FAST_DEPTH},compact",
}
_LATE: dict[str, Any] = {
    "style_covariance": 0.0,
    "content_weight": 3.0,
    "lattice_weight": 300.0,
    "style_rise": 0.25,
    "depth_network": _FAST_DEPTH,
    "depth_weight": 40.0,
}
_DEEP: dict[str, Any] = {**_LATE, "depth_weight": 80.0, "style_rise": 0.0}
_DARKS: dict[str, Any] = {
    **_LATE,
    "style_weight": 15.0,
    "content_weight": 4.0,
    "style_covariance": 0.5,
    "style_evenness": 0.7,
    "range_weight": 100.0,
    "style_rise": 0.2,
    "depth_weight": 80.0,
}
_CONTRAST: dict[str, Any] = {
    **_DARKS,
    "steps": 1_500,
    "seed": 33,
    "learn": "vectors",
    "style_colors": 0.5,
    "depth_network": "none",
    "decay_from": 0.2,
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
    # And much more depth.
    "deep": {**_DEEP, "steps": 4_000, "seed": 12, "decay_from": 0.2},
    # A gentle end, since strong depth leaves some black.
    "end": {
        **_DEEP,
        "steps": 240,
        "seed": 14,
        "learning_rate": 2e-4,
        "decay_from": 0.0,
        "range_weight": 100.0,
    },
    # Darker darks and fewer halos, by covariances.
    "darks": {
        **_DARKS,
        "steps": 4_464,
        "seed": 22,
        "decay_from": 0.2,
    },
    # Contrast as in the paintings. With all weights a dark frame appears.
    "contrast": _CONTRAST,
}
ON_ACCELERATOR: dict[str, dict[str, Any]] = {
    # Two runs, as compiling takes a minute or more.
    "all": {
        **_DARKS,
        "steps": 26_000,
        "seed": 0,
        "batch_size": 8,
        "image_size": 256,
        "depth_from": 0.2,
        "decay_from": 0.2,
        "checkpoint_every": 2_000,
        "preview_every": 2_000,
    },
    "contrast": _CONTRAST,
}
MOBILE_PHASE = {
    **_DARKS,
    "steps": 6_000,
    "seed": 7,
    "style_colors": 0.5,
    "depth_network": "none",
}


def main() -> None:
    """Trains, or continues to."""
    material = style_material.find(_MATERIAL.value)
    if _COPY.value is not None:
        copied = files.resolve(_COPY.value, "copy_material")
        style_material.copy_small(material, copied)
        return
    workdir = files.resolve(_WORKDIR.value, "workdir")
    paintings = style_material.prepare_paintings(
        material, workdir / "paintings"
    )
    photos = style_material.link_photos("train", material, workdir / "photos")
    teacher = style_material.teacher(material)
    initial = ""
    phases = ON_ACCELERATOR if _ACCELERATOR.value else PHASES
    for name, phase in {**phases, "mobile": MOBILE_PHASE}.items():
        starts = "teacher" if phase is MOBILE_PHASE else "initial_model"
        settings = fds.preset(
            "mobile" if phase is MOBILE_PHASE else "balanced",
            style=paintings,
            content=str(photos),
            perceptual_network=style_material.perceptual_network(material),
            **(_ALL | phase | {starts: initial}),
        )
        settings = dataclasses.replace(
            settings,
            depth_network=settings.depth_network.replace(_FAST_DEPTH, teacher),
        )
        fds.train(settings, workdir / name)
        initial = str(workdir / name)
    if _INSTALL.value:
        steps = {name: phase["steps"] for name, phase in phases.items()}
        install(workdir / [*phases][-1], SHIPPED, "Seven styles", steps)
        steps = {"mobile": MOBILE_PHASE["steps"]}
        install(workdir / "mobile", MOBILE, "Seven styles, for phones", steps)


def install(
    workdir: pathlib.Path, name: str, title: str, steps: dict[str, int]
) -> None:
    """Writes the network of a run into the package, under a name of it."""
    from fast_depth_style.exporting.shipped import write_shipped
    from fast_depth_style.training.saved_run import load_network, run_card

    trained = run_card(workdir)
    hardware = "two cores of an AMD EPYC"
    if _ACCELERATOR.value:
        hardware = "an accelerator"
    card = {
        "name": title,
        "command": "research/shipped_styles.py",
        "hardware": f"{hardware}, bfloat16",
        "paintings": style_material.STYLES,
        "photos": f"{len(style_material.photo_names('train'))} of ImageNet and"
        " BSDS500, photo_split.json",
        "steps": steps,
        "final_terms": trained["final_terms"],
        "evaluation": "docs/evaluation.md",
    }
    write_shipped(load_network(workdir), card, FOLDERS[name])


if __name__ == "__main__":
    program.run(main)
