"""An iteration of `optimize` against PyTorch's: the same terms and weights."""

import pathlib
import queue
import tempfile
import threading
from collections.abc import Callable

import numpy as np

from fast_depth_style.benchmarking.agreement import require_same_losses
from fast_depth_style.benchmarking.comparison import Measurement
from fast_depth_style.benchmarking.contestant import race, started
from fast_depth_style.benchmarking.inputs import soft_pictures, vgg19_arrays
from fast_depth_style.optimization.settings import OptimizationSettings

REFERENCE = "PyTorch"

_WHITE = 255.0
# Relative, of the first picture's loss and of that a step down its gradient.
_TOLERANCES = (1e-3, 1e-3)


def compare_optimizing(
    perceptual_network: str,
    height: int,
    width: int,
    rounds: int,
    threads: int,
    warm_up: int = 3,
    track: Callable = iter,
) -> list[Measurement]:
    """Times iterations of L-BFGS on the pixels, without depth.

    Each contestant goes on with a picture of its own. Ours are SciPy's, with a
    line search; PyTorch's have none, and are exactly one evaluation each.

    Args:
        perceptual_network: vgg19 or vgg19:FILE; empty means random weights,
            which is just as much work.
        height: Of the picture.
        width: Of the picture.
        rounds: Iterations that count, of each contestant.
        threads: Threads of each contestant.
        warm_up: Iterations before them.
        track: Wraps the sequence of rounds, to show progress.

    Returns:
        The measurements, that of `REFERENCE` among them.

    Raises:
        DifferentFunctions: The contestants do not minimize the same.
        RequestError: The perceptual network cannot be had.
    """
    settings = _settings()
    arrays = vgg19_arrays(
        perceptual_network, {*settings.layers, settings.content_layer}
    )
    with tempfile.TemporaryDirectory() as folder:
        np.savez(pathlib.Path(folder, "vgg19.npz"), **arrays)
        arguments = {
            "folder": folder,
            "threads": threads,
            "size": [height, width],
        }
        calls = {
            "optimize": (our_iterations, arguments),
            REFERENCE: (pytorch_iterations, arguments),
        }
        with started(calls) as contestants:
            require_same_losses(
                {each.name: each.results["losses"] for each in contestants},
                REFERENCE,
                _TOLERANCES,
            )
            return race(contestants, rounds, warm_up, track)


def our_iterations(folder: str, threads: int, size: tuple[int, int]):
    """The contestant that is this project; see `Contestant`."""
    import tensorflow as tf

    from fast_depth_style.optimization.minimizers import minimize_lbfgs
    from fast_depth_style.optimization.objective import PictureObjective
    from fast_depth_style.perception.vgg19 import VGG19

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    settings = _settings()
    perceptual = VGG19(
        {*settings.layers, settings.content_layer},
        pathlib.Path(folder, "vgg19.npz"),
    )
    photo, painting, picture = _pictures(size)
    objective = PictureObjective(settings, perceptual, None, photo, [painting])

    def value_and_gradient(picture):
        judgement = objective(picture)
        return judgement.loss, judgement.gradient

    turn = _by_turns(
        lambda report: minimize_lbfgs(objective, picture, 10**9, report)
    )
    return {"losses": _first_losses(value_and_gradient, picture)}, turn


def pytorch_iterations(folder: str, threads: int, size: tuple[int, int]):
    """The contestant that is PyTorch; see `Contestant`."""
    import torch

    from fast_depth_style.benchmarking import torch_networks, torch_objective

    torch.set_num_threads(threads)
    settings = _settings()
    with np.load(pathlib.Path(folder, "vgg19.npz")) as file:
        perceptual = torch_networks.VGG19(dict(file))

    def channels_first(picture):
        return torch.from_numpy(picture).permute(2, 0, 1)[None].contiguous()

    photo, painting, picture = map(channels_first, _pictures(size))
    objective = torch_objective.Objective(
        settings, settings.layers, perceptual, painting
    )
    content = objective.content(photo)
    # In colours 0..1, as ours: the first step's length is that of the unit.
    variable = torch.nn.Parameter(picture / _WHITE)
    # An iteration a step; it keeps its memory in between.
    optimizer = torch.optim.LBFGS(
        [variable],
        max_iter=1,
        history_size=10,
        tolerance_grad=0,
        tolerance_change=0,
    )

    def closure():
        optimizer.zero_grad()
        loss = objective.total(objective(content, variable * _WHITE))
        loss.backward()
        return loss

    def value_and_gradient(picture):
        with torch.no_grad():
            variable.copy_(channels_first(picture) / _WHITE)
        loss = closure().item()
        return loss, variable.grad[0].permute(1, 2, 0).numpy()

    start = _pictures(size)[2]
    losses = _first_losses(value_and_gradient, start)
    value_and_gradient(start)
    return {"losses": losses}, lambda: optimizer.step(closure)


def _settings():
    return OptimizationSettings(style=("painting",), depth_network="none")


def _pictures(size):
    """A photo, a painting and a picture, a bit out of range."""
    photo, painting, picture = soft_pictures(3, *size, seed=1)
    return photo, painting, picture * 1.2 - np.float32(20)


def _first_losses(value_and_gradient, picture):
    """The loss, and that one grey level down the gradient."""
    loss, gradient = value_and_gradient(picture)
    step = gradient / np.sqrt(np.mean(np.square(gradient)))
    return [loss, value_and_gradient(np.float32(picture - step))[0]]


def _by_turns(minimize):
    """A function that lets `minimize` do one more iteration."""
    go, done = queue.SimpleQueue(), queue.SimpleQueue()

    def report(*_):
        done.put(None)
        go.get()
        return True

    def run():
        go.get()
        try:
            minimize(report)
            done.put(RuntimeError("it ended where nothing was left to gain"))
        except Exception as error:
            done.put(error)

    threading.Thread(target=run, daemon=True).start()

    def turn():
        go.put(None)
        error = done.get()
        if error is not None:
            raise error

    return turn
