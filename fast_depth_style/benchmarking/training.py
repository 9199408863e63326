"""A training step against PyTorch's: the same networks, losses and weights."""

import dataclasses
import json
import pathlib
import tempfile
from collections.abc import Callable

import numpy as np

from fast_depth_style.benchmarking.agreement import (
    require_same_losses,
    require_same_pictures,
)
from fast_depth_style.benchmarking.comparison import Measurement
from fast_depth_style.benchmarking.contestant import race, started
from fast_depth_style.benchmarking.inputs import (
    named_weights,
    soft_pictures,
    vgg19_arrays,
)
from fast_depth_style.training.settings import Settings

REFERENCE = "PyTorch float32"

# Of pictures (grey levels) and of the losses of the first two steps
# (relative). Adam's first step goes by the sign of the gradient, so that it
# amplifies whatever rounding there is.
_TOLERANCES = {
    "float32": (0.255, (1e-3, 1e-2)),
    "bfloat16": (5.0, (3e-2, 0.2)),
}


def compare_training(
    settings: Settings,
    rounds: int,
    threads: int,
    warm_up: int = 3,
    track: Callable = iter,
) -> list[Measurement]:
    """Times whole training steps: forward, losses, backward, Adam.

    Contestants are this project as users get it (bfloat16 where the hardware
    has it), the same in float32, PyTorch, and PyTorch with bfloat16 autocast.

    Args:
        settings: Of the preset `balanced`; depth is left out, for PyTorch has
            none of our depth networks. An empty `perceptual_network` means
            VGG19 with random weights, which is just as much work.
        rounds: Steps that count, of each contestant.
        threads: Threads of each contestant.
        warm_up: Steps before them.
        track: Wraps the sequence of rounds, to show progress.

    Returns:
        The measurements, that of `REFERENCE` among them.

    Raises:
        DifferentFunctions: The contestants do not train the same.
        RequestError: The perceptual network cannot be had.
    """
    from fast_depth_style.training.hardware import bfloat16_is_fast

    with tempfile.TemporaryDirectory() as folder:
        _prepare(settings, pathlib.Path(folder))
        types = ["float32"]
        if bfloat16_is_fast():
            types.insert(0, "bfloat16")
        calls = {
            f"{name} {kind}": (
                factory,
                {
                    "folder": folder,
                    "threads": threads,
                    "bfloat16": kind == "bfloat16",
                },
            )
            for name, factory in (
                ("TensorFlow", tensorflow_step),
                ("PyTorch", pytorch_step),
            )
            for kind in types
        }
        with started(calls) as contestants:
            _require_the_same(contestants)
            return race(contestants, rounds, warm_up, track)


def tensorflow_step(folder: str, threads: int, bfloat16: bool):
    """The contestant that is this project; see `Contestant`."""
    import tensorflow as tf

    from fast_depth_style.training import run

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    settings, weights, pictures = _read(folder)
    settings = dataclasses.replace(settings, mixed_precision=bfloat16)
    trainer = run.build_trainer(settings, pictures["painting"], jit=None)
    for name, variable in named_weights(trainer.network).items():
        variable.assign(weights[name])
    photos = tf.data.Dataset.from_tensors(pictures["photos"]).repeat()
    photos = iter(photos)
    trainer.make_train_function()

    def turn():
        return float(trainer.train_function(photos)["loss"])

    stylized = trainer.network(pictures["photos"]).numpy()
    losses = [turn() for _ in range(2)]
    return {"pictures": stylized, "losses": losses}, turn


def pytorch_step(folder: str, threads: int, bfloat16: bool):
    """The contestant that is PyTorch; see `Contestant`."""
    import torch

    from fast_depth_style.benchmarking import torch_networks, torch_objective

    torch.set_num_threads(threads)
    settings, weights, pictures = _read(folder)
    photos, painting = (
        torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()
        for x in (pictures["photos"], pictures["painting"][None])
    )
    network = torch_networks.Transformer(weights)
    with np.load(pathlib.Path(folder, "vgg19.npz")) as file:
        perceptual = torch_networks.VGG19(dict(file))
    objective = torch_objective.Objective(
        settings,
        settings.style_layers,
        perceptual,
        painting,
        settings.style_scales,
    )
    optimizer = torch.optim.Adam(
        # Keras's epsilon.
        network.parameters(),
        settings.learning_rate,
        eps=1e-7,
    )

    def precision():
        return torch.autocast("cpu", torch.bfloat16, enabled=bfloat16)

    def turn():
        optimizer.zero_grad()
        with precision():
            target = objective.content(photos)
            terms = objective(target, network(photos), photos)
            loss = objective.total(terms)
        loss.backward()
        optimizer.step()
        return loss.item()

    with torch.no_grad(), precision():
        stylized = network(photos).permute(0, 2, 3, 1).numpy()
    losses = [turn() for _ in range(2)]
    return {"pictures": stylized, "losses": losses}, turn


def _require_the_same(contestants):
    results = {each.name: each.results for each in contestants}
    for name in results:
        grey_levels, relative = _TOLERANCES[name.split()[-1]]
        pair = {n: results[n] for n in (name, REFERENCE)}
        require_same_pictures(
            {n: r["pictures"] for n, r in pair.items()}, REFERENCE, grey_levels
        )
        require_same_losses(
            {n: r["losses"] for n, r in pair.items()}, REFERENCE, relative
        )


def _prepare(settings, folder):
    """Writes what all contestants start from."""
    import keras

    from fast_depth_style.networks.transformer import Transformer

    path = folder / "vgg19.npz"
    layers = {*settings.style_layers, settings.content_layer}
    arrays = vgg19_arrays(settings.perceptual_network, layers)
    np.savez(path, **arrays)
    settings = dataclasses.replace(
        settings, perceptual_network=f"vgg19:{path}", depth_network="none"
    )
    (folder / "settings.json").write_text(json.dumps(settings.to_json()))
    keras.utils.set_random_seed(settings.seed)
    network = Transformer(settings.width, settings.blocks)
    network.build()
    weights = {n: w.numpy() for n, w in named_weights(network).items()}
    np.savez(folder / "network.npz", **weights)
    size, batch = settings.image_size, settings.batch_size
    np.savez(
        folder / "pictures.npz",
        photos=soft_pictures(batch, size, size, seed=1),
        painting=soft_pictures(
            1, settings.style_size, settings.style_size, seed=2
        )[0],
    )


def _read(folder):
    """Returns what `_prepare` wrote: settings, weights, pictures."""
    folder = pathlib.Path(folder)
    settings = json.loads((folder / "settings.json").read_text())
    arrays = []
    for name in ("network", "pictures"):
        with np.load(folder / f"{name}.npz") as file:
            arrays.append(dict(file))
    return Settings.from_json(settings), *arrays
