r"""Trains the network of seven styles that the package brings.

    python research/shipped_styles.py --workdir=runs/styles \
        --paintings=FOLDER --photos=FOLDER --weights=FOLDER

Paintings are NAME.jpg for each of `STYLES`; of the photos, the part "train" of
photo_split.json is learned from ("validation" is for choices, "test" for the
final figures); weights are vgg19.npz and fast_depth.npz. The run resumes: give
the same command again. At its end the network is written into the package
(`--install`).

There are two runs: `start` learns the styles, with little regard for photos,
the second goes on from it. Time: about an hour and a quarter on two CPU cores
with AVX512-BF16. Expected: the table in docs/evaluation.md.

What ships was made on 2026-11-28 by these runs, with one difference: `start`
was planned for 5,000 steps and stopped after 1,340, so that its depth term came
in over 500 steps in place of 134. It is an interim: ten times as many steps are
meant.
"""

import json
import os
import pathlib
import shutil

from absl import app, flags

import fast_depth_style as fds
from fast_depth_style.exporting.shipped import write_shipped
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
_BOTH = {
    "image_size": 224,
    "batch_size": 2,
    "depth_weight": 10.0,
    "content_layer": "relu3_4",
    "content_scale": 1,
    "preview_every": 500,
}
START = {
    **_BOTH,
    "steps": 1_340,
    "style_weight": 20.0,
    "style_rise": 1.0,
    "depth_from": 0.187,
    "decay_from": 1.0,
}
SETTINGS = {
    **_BOTH,
    "steps": 2_600,
    "content_weight": 2.0,
    "style_weight": 15.0,
    "style_rise": 0.5,
    "seed": 1,
}


def main(argv: list[str]) -> None:
    """Trains, or continues to."""
    del argv
    paintings, weights = (
        pathlib.Path(flag.value).resolve() for flag in (_PAINTINGS, _WEIGHTS)
    )
    workdir = pathlib.Path(_WORKDIR.value).resolve()
    common = {
        "style": tuple(str(paintings / f"{name}.jpg") for name in STYLES),
        "content": str(_training_photos(workdir)),
        "perceptual_network": f"vgg19:{weights / 'vgg19.npz'}",
        "depth_network": f"fast_depth:{weights / 'fast_depth.npz'},compact",
    }
    start = workdir.with_name(f"{workdir.name}_start")
    fds.train(fds.preset("balanced", **common, **START), start)
    fds.train(
        fds.preset("balanced", **common, **SETTINGS, initial_model=str(start)),
        workdir,
    )
    if _INSTALL.value:
        install(workdir)


def install(workdir: pathlib.Path) -> None:
    """Writes the network of a run into the package."""
    trained = run_card(workdir)
    split = pathlib.Path(__file__).with_name("photo_split.json")
    card = {
        "name": "Seven styles",
        "command": "research/shipped_styles.py",
        "hardware": "two cores of an AMD EPYC, bfloat16",
        "paintings": STYLES,
        "photos": f"{len(json.loads(split.read_text())['train'])} of ImageNet"
        " and BSDS500, photo_split.json",
        "steps": {"start": START["steps"], "then": SETTINGS["steps"]},
        "final_terms": trained["final_terms"],
        "evaluation": "docs/evaluation.md",
    }
    write_shipped(load_network(workdir), card)


def _training_photos(workdir: pathlib.Path) -> pathlib.Path:
    """A folder of links to the photos that are learned from."""
    folder = workdir.with_name(f"{workdir.name}_photos")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    split = pathlib.Path(__file__).with_name("photo_split.json")
    for name in json.loads(split.read_text())["train"]:
        photo = pathlib.Path(_PHOTOS.value, name).resolve()
        os.symlink(photo, folder / photo.name)
    return folder


if __name__ == "__main__":
    app.run(main)
