r"""Trains the compact networks that the package ships, from random weights.

    python research/distill.py depth --rgbd=nyu_v2 --photos=diverse,bsds500 \
        --teacher=fast_depth:FILE.npz --workdir=runs/depth
    python research/distill.py perceptual --photos=diverse,bsds500 \
        --paintings=paintings --vgg19=vgg19:FILE.npz --workdir=runs/perceptual

The same command continues a run. At the end it writes the weights with their
SHA-256 to WORKDIR/weights, where fast_depth_style/perception/weights has the
shipped ones, and measures them on pictures that training did not see.

Time: depth 17 core-minutes on a two-core CPU; perceptual six minutes on an
NVIDIA H100, or 1.4 s a step on two CPU cores, which is 4.5 hours.
Expected: depth, on 205 rooms held out, Spearman 0.861 (median) and delta <
1.25 of 0.810; perceptual, mean over seven paintings, Spearman 0.993 with
VGG19's style loss (on pictures that were partly others). Times and figures are
those of the shipped weights, made before this program was simplified
(research/notes.md says what changed). Needs KERAS_BACKEND=tensorflow, the
default.
"""

import pathlib

from absl import flags
from distillation_settings import (
    DepthDistillation,
    Distillation,
    PerceptualDistillation,
)

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.tools import program
from fast_depth_style.tools.flags import define

_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder of the run.", required=True
)
_PHOTOS = flags.DEFINE_list(
    "photos", None, "Folders of photos to learn from.", required=True
)
_RGBD = flags.DEFINE_string(
    "rgbd",
    None,
    "depth: folder of rooms with measured depth: rgb/NNNN.jpg and"
    " depth/NNNN.png, 25.5 grey values per metre, 0 where unknown.",
)
_TEACHER = flags.DEFINE_string(
    "teacher",
    None,
    "depth: network that estimates depth in the photos: fast_depth:FILE.",
)
_PAINTINGS = flags.DEFINE_string(
    "paintings", None, "perceptual: folder of paintings to learn from."
)
_VGG19 = flags.DEFINE_string(
    "vgg19", "vgg19", "perceptual: the network to learn from: vgg19[:FILE]."
)
_given = define(
    Distillation, instead={"epochs": "36 for depth, 115 for perceptual"}
)


def main(*inputs: str) -> None:
    """Trains, or continues to; prints the scores."""
    calls = {("depth",): _depth, ("perceptual",): _perceptual}
    if inputs not in calls:
        raise RequestError("name one network to train: depth or perceptual")
    workdir = files.resolve(_WORKDIR.value, "workdir")
    files.require_own_folder(workdir, "workdir", "run")
    photos = [_folder(name, "photos") for name in _PHOTOS.value]
    scores = calls[inputs](photos, workdir)
    files.write_json(workdir / "scores.json", scores)
    for name, value in scores.items():
        print(f"{name}: {value:.3f}")


def _depth(photos: list[pathlib.Path], workdir: pathlib.Path) -> dict:
    rgbd = _folder(_RGBD.value, "rgbd")
    import depth_distillation

    settings = DepthDistillation(**_given())
    teacher = _TEACHER.value or ""
    return depth_distillation.distill(settings, teacher, rgbd, photos, workdir)


def _perceptual(photos: list[pathlib.Path], workdir: pathlib.Path) -> dict:
    paintings = _folder(_PAINTINGS.value, "paintings")
    import perceptual_distillation

    return perceptual_distillation.distill(
        PerceptualDistillation(**_given()),
        _VGG19.value,
        photos,
        paintings,
        workdir,
    )


def _folder(path: str | None, flag: str) -> pathlib.Path:
    folder = files.resolve(path or "", flag)
    if not folder.is_dir():
        raise RequestError(f"--{flag}={path}: no such folder")
    return folder


if __name__ == "__main__":
    program.run(main)
