"""The registry of every network, with what each of them promises."""

import dataclasses
import pathlib
from collections.abc import Callable

import keras
import numpy as np
import numpy_networks
import tensorflow as tf

from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.networks.onnx_graph import runner, store_as_float16
from fast_depth_style.networks.onnx_network import network_graph
from fast_depth_style.perception import COMPACT_DEPTH, registry
from fast_depth_style.perception.fast_depth import FastDepth
from fast_depth_style.perception.fcrn import FCRN
from fast_depth_style.perception.onnx_compact_depth import depth_graph
from fast_depth_style.perception.shipped_weights import read_shipped_weights


def _outputs(network, pictures):
    if hasattr(network, "outputs") and hasattr(network, "quantity"):
        maps, features = network.outputs(pictures)
        return [*maps, *features]
    found = network(pictures)
    return [*found.values()] if isinstance(found, dict) else [found]


@dataclasses.dataclass(frozen=True)
class Network:
    """A network and its promises.

    Attributes:
        make: From its weight file (None where it has none) and a dtype.
        write: Writes that file into a folder.
        frozen: Whether nothing in it is trained.
        static: Whether shapes must be known when it is traced.
        exports: Whether it can be a part of a SavedModel.
        low_error: Largest relative error in bfloat16; None where it computes
            in float32 always.
        step: Of the numerical gradient, in grey levels; and its tolerance.
        application: Its name in `keras.applications`, where it is of these.
        run: From the network and pictures to all tensors that it gives.
        learns: Whether gradients go through it.
        twin: From the network to a function of pictures: what its ONNX graph
            gives, the first of the tensors.
    """

    make: Callable[..., keras.Model]
    write: Callable[[pathlib.Path], pathlib.Path] | None = None
    frozen: bool = True
    static: bool = False
    exports: bool = True
    low_error: float | None = 0.02
    step: float = 1.0
    tolerance: float = 0.05
    application: str = ""
    run: Callable[..., list] = _outputs
    learns: bool = True
    twin: Callable[..., Callable] | None = None


# Of three styles and of the dials, for each of two regions.
_CHOICES = (
    np.array([[0.2, 0.8, 0.0], [0.0, 0.3, 0.7]], "float32"),
    np.array([[0.6, 1.0], [1.0, 0.3]], "float32"),
)


def _blend(network, pictures):
    return [network(pictures, network.vectors(*_CHOICES)[:1])]


def _regions(network, pictures):
    vectors = network.vectors(*_CHOICES)
    return [network.stylize_regions(pictures, vectors, _masks(pictures))]


def _masks(pictures):
    """The left is one region, the right another; they fade into each other."""
    right = keras.ops.cumsum(keras.ops.ones_like(pictures[..., :1]), axis=2)
    right = right / right[:, :, -1:]
    return keras.ops.concatenate([1.0 - right, right], axis=-1)


def pictures(size, batch=2):
    """Soft shapes and noise, (batch, height, width, 3) float32 in 0..255."""
    random = np.random.default_rng(0)
    coarse = random.uniform(0, 255, (batch, 4, 5, 3))
    smooth = tf.image.resize(coarse, size, method="bicubic").numpy()
    noise = random.normal(0, 10, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.float32)


def _transformation(kernels, width=0.25, blocks=2, styles=1, **promises):
    def make(file, dtype="float32"):
        keras.utils.set_random_seed(0)
        network = ImageTransformationNetwork(
            width,
            blocks,
            "abc"[:styles],
            dials=styles > 1,
            kernels=kernels,
            dtype=dtype,
        )
        network.build()
        if styles > 1:
            shape = network.table.shape
            network.table.assign_add(keras.random.normal(shape, stddev=0.3))
        return network

    return Network(make, frozen=False, low_error=0.05, **promises)


def _session(graph):
    return runner(graph.SerializeToString())


def _painting_twin(network):
    graph = network_graph(network.named_weights(), network.blocks, choice=False)
    return _session(graph)


def _blend_twin(network):
    run = _session(network_graph(network.named_weights(), network.blocks))
    vector = np.asarray(network.vectors(*_CHOICES))[0]
    return lambda pictures: run(pictures, vector)


def _regions_twin(network):
    graph = network_graph(network.named_weights(), network.blocks, regions=2)
    run = _session(graph)
    vectors = np.asarray(network.vectors(*_CHOICES))
    return lambda pictures: run(pictures, _masks(pictures).numpy(), vectors)


def _compact_depth_twin(network):
    """What the page loads: 1.5 million weights of two bytes each."""
    graph = depth_graph(read_shipped_weights(COMPACT_DEPTH))
    store_as_float16(graph)
    assert len(graph.SerializeToString()) < 3e6
    run = _session(graph)
    return lambda pictures: run(pictures)[:, 0]


def _perceptual(kind, *layers):
    def make(file, dtype="float32"):
        spec = f"{kind}:{file}" if file else kind
        return registry.perceptual_network(spec, layers, dtype)

    return make


def _reference(make, name):
    """Writes the random weights of a network in numpy."""
    return lambda folder: make().write(folder / name)


def _application(name, layer):
    def write(folder):
        keras.utils.set_random_seed(0)
        make = getattr(keras.applications, name)
        path = folder / f"{name}.weights.h5"
        make(include_top=False, weights=None).save_weights(path)
        return path

    make = _perceptual(name.lower(), layer)
    return Network(make, write, low_error=None, application=name)


def _hub_module(folder):
    module = tf.Module()
    module.function = tf.function(
        lambda images: {"depth": images[..., 0] + 2 * images[..., 1] ** 2},
        input_signature=[tf.TensorSpec((None, 32, 32, 3), name="images")],
    )
    signatures = {"serving_default": module.function}
    tf.saved_model.save(module, str(folder / "module"), signatures)
    return folder / "module" / "saved_model.pb"


_FAST_DEPTH = _reference(numpy_networks.FastDepth, "fast_depth.npz")

NETWORKS = {
    "image transformation": _transformation("portable", twin=_painting_twin),
    # As it is shipped.
    "image transformation, styles and dials": _transformation(
        "portable", 1.0, 5, styles=3, run=_blend, twin=_blend_twin
    ),
    # Trainings have no regions; XLA compiles no gradient of their loop.
    "image transformation, regions": _transformation(
        "portable", styles=3, run=_regions, learns=False, twin=_regions_twin
    ),
    "image transformation, TensorFlow on a CPU": _transformation(
        "tensorflow_cpu", static=True
    ),
    "image transformation, TFLite": _transformation("tflite"),
    "VGG19": Network(
        _perceptual("vgg19", "relu1_1", "relu2_1"),
        _reference(numpy_networks.VGG19, "vgg19.npz"),
    ),
    "SqueezeNet": Network(
        _perceptual("squeezenet", "conv1", "fire2"),
        _reference(numpy_networks.SqueezeNet, "squeezenet.npz"),
    ),
    "compact perceptual": Network(_perceptual("compact", "relu1_1", "relu3_4")),
    "ResNet50": _application("ResNet50", "conv2_block1_out"),
    "EfficientNetB0": _application("EfficientNetB0", "block1a_project_bn"),
    "compact depth": Network(
        lambda file, dtype="float32": registry.depth_network("compact", dtype),
        low_error=0.05,
        step=10.0,
        tolerance=0.1,
        twin=_compact_depth_twin,
    ),
    "FastDepth": Network(
        lambda file, dtype="float32": FastDepth(file, 64, dtype=dtype),
        _FAST_DEPTH,
        low_error=0.05,
    ),
    "FCRN": Network(
        lambda file, dtype="float32": FCRN(file, (57, 76), dtype=dtype),
        _reference(numpy_networks.FCRN, "fcrn.npy"),
        low_error=0.05,
    ),
    "TF-Hub": Network(
        lambda file, dtype="float32": registry.depth_network(
            f"hub:{file.parent}"
        ),
        _hub_module,
        exports=False,
        low_error=None,
    ),
    "ensemble": Network(
        lambda file, dtype="float32": registry.depth_network(
            f"fast_depth:{file},compact", dtype
        ),
        _FAST_DEPTH,
        low_error=0.05,
        step=10.0,
        tolerance=0.1,
    ),
}
