"""Stylizing a picture against PyTorch and ONNX Runtime: the same network."""

import pathlib
import tempfile
import warnings
from collections.abc import Callable

import numpy as np

from fast_depth_style.benchmarking.agreement import require_same_pictures
from fast_depth_style.benchmarking.comparison import Measurement
from fast_depth_style.benchmarking.contestant import race, started
from fast_depth_style.benchmarking.inputs import named_weights, soft_pictures

REFERENCES = ("PyTorch", "ONNX Runtime")

_TOLERANCE = 0.255


def compare_stylizing(
    height: int,
    width: int,
    rounds: int,
    threads: int,
    network_width: float = 1.0,
    warm_up: int = 3,
    track: Callable = iter,
) -> list[Measurement]:
    """Times one picture, from uint8 RGB to uint8 RGB.

    Contestants are the exported SavedModel, PyTorch, and ONNX Runtime with
    the file that PyTorch exports at this very size: a graph of its own layout
    and operators, which suits it better than one converted from TensorFlow.

    Args:
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        rounds: Rounds that count, of each contestant.
        threads: Threads of each contestant.
        network_width: Multiplier of the network's channel counts.
        warm_up: Rounds before them.
        track: Wraps the sequence of rounds, to show progress.

    Returns:
        The measurements, those of `REFERENCES` among them.

    Raises:
        DifferentFunctions: The contestants do not compute the same.
    """
    with tempfile.TemporaryDirectory() as folder:
        _prepare(pathlib.Path(folder), height, width, network_width)
        arguments = {"folder": folder, "threads": threads}
        calls = {
            "SavedModel": (saved_model, arguments),
            "PyTorch": (pytorch, arguments),
            "ONNX Runtime": (onnx_runtime, arguments),
        }
        with started(calls) as contestants:
            for reference in REFERENCES:
                require_same_pictures(
                    {c.name: c.results["picture"] for c in contestants},
                    reference,
                    _TOLERANCE,
                )
            return race(contestants, rounds, warm_up, track)


def saved_model(folder: str, threads: int):
    """The contestant that is this project; see `Contestant`."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    model = tf.saved_model.load(str(pathlib.Path(folder, "model", "1")))
    serve = model.signatures["serving_default"]
    photo = tf.constant(_photo(folder))

    def turn():
        return serve(image=photo)["stylized_image"].numpy()

    return {"picture": turn()}, turn


def pytorch(folder: str, threads: int):
    """The contestant that is PyTorch; see `Contestant`."""
    import torch

    torch.set_num_threads(threads)
    network = _byte_transformer(folder)
    photo = torch.from_numpy(_photo(folder))

    def turn():
        with torch.no_grad():
            return network(photo).numpy()

    return {"picture": turn()}, turn


def onnx_runtime(folder: str, threads: int):
    """The contestant that is ONNX Runtime; see `Contestant`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        pathlib.Path(folder, "model.onnx"),
        options,
        providers=["CPUExecutionProvider"],
    )
    photo = _photo(folder)

    def turn():
        return session.run(None, {"image": photo})[0]

    return {"picture": turn()}, turn


def _prepare(folder, height, width, network_width):
    """Writes what the contestants start from."""
    import keras

    from fast_depth_style.networks.transformer import Transformer
    from fast_depth_style.serving.saved_model import export_saved_model

    keras.utils.set_random_seed(0)
    network = Transformer(width=network_width)
    network.build()
    export_saved_model(network, folder / "model", {"name": "benchmark"})
    weights = {n: w.numpy() for n, w in named_weights(network).items()}
    np.savez(folder / "network.npz", **weights)
    photo = soft_pictures(1, height, width, seed=1).astype(np.uint8)
    np.save(folder / "photo.npy", photo)
    _export_onnx(folder)


def _export_onnx(folder):
    import torch

    with warnings.catch_warnings():
        # What the exporter has to say concerns its own future.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _byte_transformer(folder),
            (torch.from_numpy(_photo(folder)),),
            folder / "model.onnx",
            input_names=["image"],
            dynamo=False,
        )


def _byte_transformer(folder):
    from fast_depth_style.benchmarking import torch_networks

    with np.load(pathlib.Path(folder, "network.npz")) as file:
        network = torch_networks.Transformer(dict(file))
    return torch_networks.ByteTransformer(network).eval()


def _photo(folder):
    return np.load(pathlib.Path(folder, "photo.npy"))
