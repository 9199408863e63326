"""Measures training and its kin as ratios against other libraries.

    fast-depth-style benchmark train
    fast-depth-style benchmark stylize
    fast-depth-style benchmark optimize
    fast-depth-style benchmark tflite --files=full.tflite,mobile.tflite
    fast-depth-style benchmark compact --depth_network=fast_depth:FILE.npz
    KERAS_BACKEND=jax fast-depth-style benchmark gpu

train is a whole training step without depth against PyTorch's; stylize one
picture through the SavedModel against PyTorch and ONNX Runtime; optimize an
iteration on the pixels of one picture against PyTorch's. Nothing is timed
before all have been found to compute the same. These need
pip install 'fast-depth-style[benchmark]'. tflite is one picture through each
of several exported files, against the first. compact is perception, and a
whole training step, with the small networks of the package against others. gpu
is a training step with depth, and its parts, against a large matrix product;
it needs pip install 'fast-depth-style[jax]'. The machine should have nothing
else to do.
"""

import importlib.util
import pathlib
import sys
from typing import Literal

from absl import flags

from fast_depth_style.networks import MINIMUM_SIDE
from fast_depth_style.requests import RequestError
from fast_depth_style.tools import program
from fast_depth_style.training.settings import Settings, preset

_D = Settings()

_ROUNDS = flags.DEFINE_integer(
    "rounds", 10, "Rounds that count; in each, everyone has a turn.", 1
)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of each contestant.", 1)
_WIDTH = flags.DEFINE_float(
    "width", _D.width, "Multiplier of the network's channels."
)
_IMAGE_SIZE = flags.DEFINE_integer(
    "image_size",
    _D.image_size,
    "train, compact, gpu: side of the square crops, in pixels.",
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", _D.batch_size, "train, compact, gpu: photos per step."
)
_PERCEPTUAL_NETWORK = flags.DEFINE_string(
    "perceptual_network",
    None,
    "train, optimize, compact, gpu: vgg19, vgg19:FILE.npz or vgg19:FILE.h5"
    " (gpu: compact too); by default VGG19, for all but compact with random"
    " weights, which is as much work.",
)
_DEPTH_NETWORK = flags.DEFINE_string(
    "depth_network",
    None,
    "compact, gpu: as for training; by default what training takes, for gpu"
    " compact.",
)
_MIXED_PRECISION = flags.DEFINE_bool(
    "mixed_precision",
    None,
    "compact: whether convolutions compute in bfloat16; by default where that"
    " is faster, as in training.",
)
_PICTURE_SIZE = flags.DEFINE_list(
    "picture_size",
    None,
    "width,height in pixels; by default, stylize: 1024,680, optimize: 512,384.",
)

_FILES = flags.DEFINE_list(
    "files", [], "tflite: exported files; the first is the reference."
)


def main(
    subject: Literal[
        "train", "stylize", "optimize", "tflite", "compact", "gpu"
    ],
) -> None:
    """Measures and prints a table."""
    {
        "train": _train,
        "stylize": _stylize,
        "optimize": _optimize,
        "tflite": _tflite,
        "compact": _compact,
        "gpu": _gpu,
    }[subject]()


def _require(extra, *packages):
    for name in packages:
        if importlib.util.find_spec(name) is None:
            raise RequestError(
                f"{name} is not installed: pip install"
                f" 'fast-depth-style[{extra}]'"
            )


def _train():
    _require("benchmark", "torch")
    # PyTorch's Muon takes no kernels.
    settings = _settings(perceptual_network=_vgg19(), optimizer="adam")
    from fast_depth_style.benchmarking import training

    _print(
        training.compare_training(
            settings, _ROUNDS.value, _THREADS.value, track=_progress
        ),
        [training.REFERENCE],
    )


def _stylize():
    _require("benchmark", "torch", "onnxruntime")
    width, height = _picture_size(1024, 680)
    from fast_depth_style.benchmarking import stylizing

    _print(
        stylizing.compare_stylizing(
            height,
            width,
            _ROUNDS.value,
            _THREADS.value,
            preset("balanced", width=_WIDTH.value).width,
            track=_progress,
        ),
        stylizing.REFERENCES,
    )


def _optimize():
    _require("benchmark", "torch")
    network = _vgg19()
    width, height = _picture_size(512, 384)
    from fast_depth_style.benchmarking import optimizing

    _print(
        optimizing.compare_optimizing(
            network,
            height,
            width,
            _ROUNDS.value,
            _THREADS.value,
            track=_progress,
        ),
        [optimizing.REFERENCE],
    )


def _tflite():
    from fast_depth_style.benchmarking import tflite_files

    files = [pathlib.Path(name) for name in _FILES.value]
    tflite_files.require_files(files)
    _print(
        tflite_files.compare_files(
            files, _ROUNDS.value, _THREADS.value, track=_progress
        ),
        [str(files[0])],
    )


def _compact():
    settings = _settings(
        perceptual_network=_PERCEPTUAL_NETWORK.value,
        depth_network=_DEPTH_NETWORK.value,
        mixed_precision=_MIXED_PRECISION.value,
    )
    from fast_depth_style.benchmarking import compact_networks
    from fast_depth_style.perception import registry

    # What cannot be had ends here, not in a contestant.
    registry.perceptual_network(
        settings.perceptual_network, settings.style_layers
    )
    registry.depth_network(settings.depth_network)
    _print(
        compact_networks.compare_compact(
            settings, _ROUNDS.value, _THREADS.value, track=_progress
        ),
        compact_networks.REFERENCES,
    )


def _gpu():
    _require("jax", "jax")
    settings = _settings(
        perceptual_network=_PERCEPTUAL_NETWORK.value or "",
        depth_network=_DEPTH_NETWORK.value or "compact",
    )
    from fast_depth_style.benchmarking import accelerator

    parts = accelerator.measure_training(
        settings, _ROUNDS.value, track=_progress
    )
    print(
        accelerator.report(parts, settings.batch_size, preset("stanford").steps)
    )


def _vgg19():
    """Where PyTorch has VGG19's weights from; empty for random ones."""
    given = _PERCEPTUAL_NETWORK.value or ""
    if given and given.partition(":")[0] != "vgg19":
        raise RequestError(
            f"--perceptual_network={given}: there is no PyTorch version of it"
            " to compare with; choose vgg19"
        )
    return given


def _picture_size(*default):
    given = _PICTURE_SIZE.value or default
    try:
        width, height = map(int, given)
    except ValueError:
        width = height = 0
    if min(width, height) < MINIMUM_SIDE:
        raise RequestError(
            f"--picture_size={','.join(map(str, given))} is not"
            f" WIDTH,HEIGHT of at least {MINIMUM_SIDE} pixels"
        )
    return width, height


def _settings(**changes):
    return preset(
        "balanced",
        width=_WIDTH.value,
        image_size=_IMAGE_SIZE.value,
        batch_size=_BATCH_SIZE.value,
        **changes,
    )


def _progress(rounds):
    from tqdm import tqdm

    return tqdm(rounds, unit="round", disable=not sys.stderr.isatty())


def _print(measurements, references):
    from fast_depth_style.benchmarking.comparison import table

    print(table(measurements, references))


if __name__ == "__main__":
    program.run(main)
