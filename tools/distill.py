r"""Trains the networks that the package carries, from a random start.

    fast-depth-style distill depth --rgbd=nyu_v2 --photos=diverse,bsds500 \
        --teacher=fast_depth:FILE.npz --workdir=runs/depth
    fast-depth-style distill perceptual --photos=diverse,bsds500 \
        --paintings=paintings --vgg19=FILE.npz --workdir=runs/perceptual

`perceptual` runs on a GPU with KERAS_BACKEND=jax. The same command continues
a run. At the end it writes the weights with their SHA-256 and measures them on
pictures that training did not see.
"""

import dataclasses
import pathlib
from typing import Literal

from absl import flags

from fast_depth_style.requests import RequestError
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
    "depth: folder of rooms with measured depth: rgb/NNNN.jpg and "
    "depth/NNNN.png, 25.5 grey values per metre, 0 where unknown.",
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
    "vgg19",
    "imagenet",
    "perceptual: VGG19's weights, the network that is learned from: a .npz or "
    ".h5 file, or imagenet (downloaded).",
)
_STEPS = flags.DEFINE_integer(
    "steps",
    None,
    "Steps in all; by default as many as the shipped weights took.",
    lower_bound=10,
)
_SEED = flags.DEFINE_integer("seed", 0, "Seed of everything random.")
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "Folder for the weights; by default the workdir. The package reads its "
    "own in fast_depth_style/perception/weights.",
)


def main(network: Literal["depth", "perceptual"]) -> None:
    """Trains, or continues to."""
    {"depth": _depth, "perceptual": _perceptual}[network]()


def _depth() -> None:
    rgbd, teacher = _needed(_RGBD), _needed(_TEACHER)
    from fast_depth_style.distillation.depth import DepthDistillation
    from fast_depth_style.distillation.depth_run import run_depth
    from fast_depth_style.perception.registry import depth_network

    estimator = depth_network(teacher)
    if estimator is None:
        raise RequestError("depth cannot be taught by none: --teacher=…")
    run_depth(
        _settings(DepthDistillation),
        estimator,
        pathlib.Path(rgbd),
        [pathlib.Path(folder) for folder in _PHOTOS.value],
        pathlib.Path(_WORKDIR.value),
        _output(),
        _say,
    )


def _perceptual() -> None:
    paintings = _needed(_PAINTINGS)
    from fast_depth_style.distillation.perceptual import PerceptualDistillation
    from fast_depth_style.distillation.perceptual_run import run_perceptual

    run_perceptual(
        _settings(PerceptualDistillation),
        _VGG19.value,
        _PHOTOS.value,
        paintings,
        pathlib.Path(_WORKDIR.value),
        _output(),
        _say,
    )


def _needed(flag: flags.FlagHolder) -> str:
    if not flag.value:
        raise RequestError(f"missing --{flag.name}=… (--help explains it)")
    return flag.value


def _settings(kind: type):
    """The numbers of a run: the library's, but for those given as flags."""
    settings = kind(seed=_SEED.value)
    if _STEPS.value is not None:
        settings = dataclasses.replace(settings, steps=_STEPS.value)
    return settings


def _output() -> pathlib.Path:
    return pathlib.Path(_OUTPUT.value or _WORKDIR.value)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    program.run(main)
