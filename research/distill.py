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
VGG19's style loss (on pictures that were partly others).

These times and figures are those of the shipped weights. They were made before
this program was simplified (research/notes.md says what changed), and have not
been made again since. Needs KERAS_BACKEND=tensorflow, the default.
"""

import pathlib

from absl import flags

from fast_depth_style import files
from fast_depth_style.errors import RequestError
from fast_depth_style.tools import program

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
_EPOCHS = flags.DEFINE_integer(
    "epochs",
    None,
    "Length of the run; by default that of the shipped weights: depth 36,"
    " perceptual 115.",
    lower_bound=1,
)
_STEPS_PER_EPOCH = flags.DEFINE_integer(
    "steps_per_epoch", 100, "Steps between checkpoints.", lower_bound=1
)
_SEED = flags.DEFINE_integer("seed", 0, "Seed of everything random.")


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


def _depth(photos, workdir):
    rgbd = _folder(_RGBD.value, "rgbd")
    import depth_distillation

    return depth_distillation.distill(
        depth_distillation.DepthDistillation(**_changes()),
        _TEACHER.value or "",
        rgbd,
        photos,
        workdir,
    )


def _perceptual(photos, workdir):
    paintings = _folder(_PAINTINGS.value, "paintings")
    import perceptual_distillation

    return perceptual_distillation.distill(
        perceptual_distillation.PerceptualDistillation(**_changes()),
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


def _changes():
    given = {
        "epochs": _EPOCHS.value,
        "steps_per_epoch": _STEPS_PER_EPOCH.value,
        "seed": _SEED.value,
    }
    return {k: v for k, v in given.items() if v is not None}


if __name__ == "__main__":
    program.run(main)
