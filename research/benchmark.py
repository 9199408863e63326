"""Times training and stylizing against other libraries, as ratios in one run.

    python research/benchmark.py train
    python research/benchmark.py stylize

train: a step of the preset balanced against PyTorch's, with Adam (PyTorch's
Muon takes no kernels), one style, and without dials, depth, quarters and
lattice. stylize: a picture of 1024x680 pixels through the SavedModel, PyTorch,
and ONNX Runtime with the graph of the light engine. Nothing is timed before all
have been found to compute the same. Needs pip install
'fast-depth-style[benchmark]'.

Time: train three minutes and 12 GiB, stylize one minute, on two CPU cores that
have nothing else to do.
Expected, two cores: train 0.25 of PyTorch's time in bfloat16 and 0.56 in
float32 (Xeon with AMX); stylize 0.45 of PyTorch's and 0.82 of ONNX Runtime's
(EPYC with AVX512-BF16). Both were measured with the network before 2026-11-28,
which had nearest-neighbour upsampling and no margin, ONNX Runtime with a graph
that PyTorch had exported.
"""

import dataclasses
import importlib.util
import pathlib
import tempfile
from typing import Any

import numpy as np
import timed_process
from absl import flags

from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.tools import program
from fast_depth_style.training.settings import TrainingSettings, preset

_ROUNDS = flags.DEFINE_integer("rounds", 10, "Rounds that count.", 1)
_THREADS = flags.DEFINE_integer("threads", 2, "Threads of each library.", 1)
_WIDTH = flags.DEFINE_float("width", 1.0, "Multiplier of channel counts.")
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 256, "train: crops, pixels.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 4, "train: photos per step.")
_PICTURE = flags.DEFINE_list("picture_size", "1024,680", "stylize: pixels.")

TOLERANCES = {"float32": (0.255, (1e-3, 1e-2)), "bfloat16": (5.0, (3e-2, 0.2))}
"""Allowed differences of pictures (grey levels, mean) and of the losses of the
first two steps (relative). Adam's first step goes by the sign of the gradient,
which amplifies rounding."""


def main(*inputs: str) -> None:
    """Measures and prints a table."""
    calls = {("train",): _train, ("stylize",): _stylize}
    if inputs not in calls:
        raise RequestError("name one thing to time: train or stylize")
    with tempfile.TemporaryDirectory() as folder:
        processes, reference = calls[inputs](pathlib.Path(folder))
        timed_process.take_turns([*processes.values()], _ROUNDS.value, 3)
    print(timed_process.table(processes, reference))


def _train(folder):
    _require_torch()
    from fast_depth_style.training.hardware import bfloat16_is_fast

    settings = preset(
        "balanced",
        width=_WIDTH.value,
        image_size=_IMAGE_SIZE.value,
        batch_size=_BATCH_SIZE.value,
        optimizer="adam",
        depth_network="none",
        lattice_weight=0,
        style_evenness=0,
        style_covariance=0,
        style=("painting",),
        dials=False,
        perceptual_network=f"vgg19:{folder / 'vgg19.npz'}",
    )
    np.savez(folder / "vgg19.npz", **random_vgg19())
    weights = initial_network(settings.width, settings.blocks).named_weights()
    processes = {}
    for kind in ("bfloat16", "float32") if bfloat16_is_fast() else ["float32"]:
        settings = dataclasses.replace(
            settings, mixed_precision=kind == "bfloat16"
        )
        for name, load in (("TensorFlow", our_step), ("PyTorch", torch_step)):
            processes[f"{name} {kind}"] = timed_process.TimedProcess(
                load, settings=settings, weights=weights, threads=_THREADS.value
            )
    reference = "PyTorch float32"
    for name, process in processes.items():
        grey_levels, relative = TOLERANCES[name.split()[-1]]
        ours, theirs = process.results, processes[reference].results
        require_same(name, ours["pictures"], theirs["pictures"], grey_levels)
        require_same(name, ours["losses"] / theirs["losses"], 1.0, relative)
    return processes, reference


def our_step(
    settings: TrainingSettings, weights: dict[str, np.ndarray], threads: int
) -> Any:
    """A training step of this project; see `TimedProcess`."""
    tf = _tensorflow(threads)
    from fast_depth_style.training.build import build_trainer

    photos, painting = photos_and_painting(settings)
    trainer = build_trainer(settings, [painting.astype(np.uint8)], jit=None)
    trainer.network.set_weights([*weights.values()])
    # Of each photo the one style; dials of which there are none.
    asked = np.ones((len(photos), 1), "float32"), np.zeros((len(photos), 2))
    batches = iter(tf.data.Dataset.from_tensors((photos, *asked)).repeat())
    trainer.make_train_function()

    def turn():
        return float(trainer.train_function(batches)["loss"])

    pictures = trainer.network.stylize_crop(photos).numpy()
    return {"pictures": pictures, "losses": np.array([turn(), turn()])}, turn


def torch_step(
    settings: TrainingSettings, weights: dict[str, np.ndarray], threads: int
) -> Any:
    """A training step of PyTorch; see `TimedProcess`."""
    import torch
    import torch_twin

    torch.set_num_threads(threads)
    photos, painting = (
        torch.from_numpy(np.moveaxis(x, -1, -3).astype("float32"))
        for x in photos_and_painting(settings)
    )
    network = torch_twin.ImageTransformationNetwork(weights)
    with np.load(settings.perceptual_network.removeprefix("vgg19:")) as file:
        vgg19 = torch_twin.VGG19(dict(file))
    objective = torch_twin.Objective(settings, vgg19, painting[None])
    adam = torch.optim.Adam(
        # Keras's epsilon.
        network.parameters(),
        settings.learning_rate,
        eps=1e-7,
    )
    precision = torch.autocast(
        "cpu", torch.bfloat16, enabled=bool(settings.mixed_precision)
    )

    def turn():
        adam.zero_grad()
        with precision:
            terms = objective.terms(network.stylize_crop(photos), photos)
            loss = objective.total(terms)
        loss.backward()
        adam.step()
        return loss.item()

    with torch.no_grad(), precision:
        pictures = network.stylize_crop(photos).permute(0, 2, 3, 1).numpy()
    return {"pictures": pictures, "losses": np.array([turn(), turn()])}, turn


def _stylize(folder):
    _require_torch()
    from fast_depth_style.exporting.saved_model import export_saved_model

    width, height = map(int, _PICTURE.value)
    network = initial_network(_WIDTH.value)
    export_saved_model(network, folder / "model", {"name": "benchmark"})
    given = {
        "photo": soft_pictures(1, height, width, seed=1),
        "threads": _THREADS.value,
    }
    weights = network.named_weights()
    processes = {
        "SavedModel": timed_process.TimedProcess(
            saved_model, folder=folder / "model" / "1", **given
        ),
        "PyTorch": timed_process.TimedProcess(
            torch_network, weights=weights, **given
        ),
        "ONNX Runtime": timed_process.TimedProcess(
            onnx_runtime, weights=weights, blocks=network.blocks, **given
        ),
    }
    for name, process in processes.items():
        require_same(name, process.results, processes["PyTorch"].results, 0.255)
    return processes, "PyTorch"


def saved_model(folder: pathlib.Path, photo: np.ndarray, threads: int) -> Any:
    """One picture through the SavedModel, bytes to bytes."""
    tf = _tensorflow(threads)
    model = tf.saved_model.load(str(folder))
    serve = model.signatures["serving_default"]
    image = tf.constant(photo.astype(np.uint8))

    def turn():
        return serve(image=image)["stylized_image"].numpy()

    return turn(), turn


def torch_network(
    weights: dict[str, np.ndarray], photo: np.ndarray, threads: int
) -> Any:
    """The same by PyTorch."""
    import torch
    import torch_twin

    torch.set_num_threads(threads)
    network = torch_twin.ImageTransformationNetwork(weights).eval()
    image = torch.from_numpy(photo.astype(np.uint8))

    def turn():
        with torch.no_grad():
            return network.stylize_bytes(image).numpy()

    return turn(), turn


def onnx_runtime(
    weights: dict[str, np.ndarray], blocks: int, photo: np.ndarray, threads: int
) -> Any:
    """The same by ONNX Runtime, float32 to bytes."""
    from fast_depth_style.networks.onnx_graph import runner
    from fast_depth_style.networks.onnx_network import network_graph

    graph = network_graph(weights, blocks, choice=False)
    run = runner(graph.SerializeToString(), threads)

    def turn():
        return np.rint(run(photo)).astype(np.uint8)

    return turn(), turn


def require_same(name: str, found: Any, expected: Any, tolerance: Any) -> None:
    """Raises a RuntimeError if two programs compute different results.

    `tolerance` is the largest difference of each loss; of pictures the mean,
    where a pixel may differ ten times as much and by one level of rounding.
    """
    difference = np.abs(np.asarray(found, "float64") - expected)
    same = np.all(difference <= tolerance)
    if difference.ndim > 1:
        largest = difference.max()
        same = difference.mean() <= tolerance and largest <= 10 * tolerance + 1
    if not same:
        raise RuntimeError(
            f"{name} does not compute the same as its reference: it differs by"
            f" {difference.mean():.3g} in the mean, {difference.max():.3g} at"
            f" most; allowed is {tolerance}"
        )


def soft_pictures(count: int, height: int, width: int, seed: int) -> np.ndarray:
    """Smooth colours: (count, height, width, 3) whole float32, 0..255."""
    from PIL import Image

    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (count, 6, 7, 3), np.uint8)
    smooth = Image.Resampling.BICUBIC
    pictures = [
        Image.fromarray(x).resize((width, height), smooth) for x in coarse
    ]
    return np.stack(pictures).astype("float32")


def photos_and_painting(
    settings: TrainingSettings,
) -> tuple[np.ndarray, np.ndarray]:
    """A batch of photos, and a painting, of the sizes of a run."""
    size, (side,) = settings.image_size, settings.style_size
    photos = soft_pictures(settings.batch_size, size, size, seed=1)
    return photos, soft_pictures(1, side, side, seed=2)[0]


def initial_network(width: float, blocks: int = 5) -> Any:
    """A network of random weights."""
    from fast_depth_style.networks.image_transformation import (
        ImageTransformationNetwork,
    )
    from fast_depth_style.training.build import draw_weights

    network = ImageTransformationNetwork(width, blocks)
    network.build()
    draw_weights(network, seed=0)
    return network


def random_vgg19() -> dict[str, np.ndarray]:
    """VGG19 down to conv3_4 with features of about equal strength."""
    random = np.random.default_rng(0)
    arrays, inputs = {}, 3
    for block, count in ((1, 2), (2, 2), (3, 4)):
        for i in range(1, count + 1):
            shape = 3, 3, inputs, 32 * 2**block
            kernel = random.normal(0, (2 / (9 * inputs)) ** 0.5, shape)
            name, inputs = f"block{block}_conv{i}", shape[-1]
            arrays[f"{name}/kernel"] = kernel.astype("float32")
            arrays[f"{name}/bias"] = np.zeros(inputs, "float32")
    return arrays


def _tensorflow(threads):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    return tf


def _require_torch():
    if importlib.util.find_spec("torch") is None:
        raise MissingExtraError("this comparison", "benchmark")


if __name__ == "__main__":
    program.run(main)
