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
from fast_depth_style.perception import registry
from fast_depth_style.perception.fast_depth import FastDepth
from fast_depth_style.perception.fcrn import FCRN


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
        builds_slowly: Whether it takes a second or more to make.
    """

    make: Callable[..., keras.Model]
    write: Callable[[pathlib.Path], pathlib.Path] | None = None
    frozen: bool = True
    static: bool = False
    exports: bool = True
    low_error: float | None = 0.02
    step: float = 1.0
    tolerance: float = 0.05
    builds_slowly: bool = False


def outputs(network, pictures):
    """All tensors that a network gives, in a list."""
    if hasattr(network, "outputs") and hasattr(network, "quantity"):
        depth, features = network.outputs(pictures)
        return [*([] if depth is None else [depth]), *features]
    found = network(pictures)
    return [*found.values()] if isinstance(found, dict) else [found]


def pictures(size, batch=2):
    """Soft shapes and noise, (batch, height, width, 3) float32 in 0..255."""
    random = np.random.default_rng(0)
    coarse = random.uniform(0, 255, (batch, 4, 5, 3))
    smooth = tf.image.resize(coarse, size, method="bicubic").numpy()
    noise = random.normal(0, 10, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.float32)


def _transformation(kernels, width=0.25, blocks=2, static=False):
    def make(file, dtype="float32"):
        keras.utils.set_random_seed(0)
        network = ImageTransformationNetwork(
            width, blocks, kernels=kernels, dtype=dtype
        )
        network.build()
        return network

    return Network(make, frozen=False, static=static, low_error=0.05)


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
    return Network(make, write, low_error=None, builds_slowly=True)


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
    "image transformation": _transformation("portable"),
    "image transformation, whole": _transformation("portable", 1.0, 5),
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
