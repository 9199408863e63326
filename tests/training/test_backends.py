"""The same run on another backend, on several devices, with real networks."""

import dataclasses
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from programs import run_program

from fast_depth_style.runs import folder as runs
from fast_depth_style.runs.losses import read_losses
from fast_depth_style.training.run import train
from fast_depth_style.training.saved_run import load_network


def _losses(workdir):
    return [row["loss"] for row in read_losses(workdir / "losses.csv")]


def _without_last_checkpoint(workdir, copy):
    shutil.copytree(workdir, copy)
    max((copy / "checkpoints").glob("step_*.npz")).unlink()
    return copy


_WITHOUT_TENSORFLOW = """
import functools, importlib.abc, pathlib, sys

class Refuse(importlib.abc.MetaPathFinder):
    # No ImportError, which who asks might catch: nobody is to ask.
    def find_spec(self, name, *_):
        if name.partition(".")[0] in ("tensorflow", "tf_keras"):
            raise SystemExit(f"imports {name}")

sys.meta_path.insert(0, Refuse())
import jax, keras
from fast_depth_style.perception import compact_depth, registry
from fast_depth_style.training.run import train
from fast_depth_style.runs import folder
from fast_depth_style.training.settings import read_settings
convolution = functools.partial(
    keras.layers.Conv2D, kernel_initializer="zeros"
)
for network in (
    registry.perceptual_network("compact", ("relu1_1",)),
    compact_depth.compact_depth_body(convolution),
):
    jax.eval_shape(network, jax.ShapeDtypeStruct((1, 64, 64, 3), "float32"))
for name, strategy in (arg.split("=") for arg in sys.argv[2:]):
    workdir = pathlib.Path(sys.argv[1], name)
    settings = read_settings(folder.read_settings(workdir, "workdir"))
    train(settings, workdir, strategy=strategy)
"""


def _train_by_jax(folder, devices=1, **strategies):
    """Trains what lies in a folder: {name of a workdir: strategy}."""
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            _WITHOUT_TENSORFLOW,
            folder,
            *(f"{name}={strategy}" for name, strategy in strategies.items()),
        ],
        env=os.environ
        | {
            "KERAS_BACKEND": "jax",
            "JAX_PLATFORMS": "cpu",
            # A second run need not compile again, and none need be fast.
            "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            # That cache would ask for TensorFlow.
            "EPATH_USE_TF": "false",
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"
            " --xla_backend_optimization_level=0"
            " --xla_llvm_disable_expensive_passes=true",
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


_TWO_DEVICES = """
import dataclasses, pathlib, sys
import tensorflow as tf
from fast_depth_style.errors import RequestError
from fast_depth_style.training.run import train
from fast_depth_style.runs import folder
from fast_depth_style.training.settings import read_settings
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
stored = folder.read_settings(pathlib.Path(sys.argv[1]), "workdir")
settings = read_settings(stored)
odd = dataclasses.replace(settings, batch_size=3)
try:
    train(odd, sys.argv[2], strategy="mirrored")
except RequestError as error:
    print(error)
print(pathlib.Path(sys.argv[2]).exists())
train(settings, sys.argv[2], strategy="mirrored")
"""


# JAX compiles without optimizing, and its steps are slow.
_SHORT = {
    "learning_rate": 1e-5,
    "steps": 8,
    "checkpoint_every": 3,
    "preview_every": 8,
}


@pytest.fixture(scope="module")
def settings(small_with_depth):
    """At a small learning rate: at a large one, rounding grows fast."""
    (painting,) = small_with_depth.style
    return dataclasses.replace(
        small_with_depth,
        style=(painting, painting.replace("painting", "a")),
        style_scales=2,
        **_SHORT,
    )


@pytest.fixture(scope="module")
def by_tensorflow(settings, tmp_path_factory):
    """The workdir of a run, and the folder that it lies in."""
    folder = tmp_path_factory.mktemp("backends")
    train(settings, folder / "tensorflow")
    return folder / "tensorflow"


@pytest.fixture(scope="module")
def by_jax(settings, by_tensorflow):
    """The folder of the same run by JAX, by two devices, and continued."""
    folder = by_tensorflow.parent
    runs.write_settings(folder / "jax", settings.to_json(), {})
    runs.write_settings(folder / "two_devices", settings.to_json(), {})
    _without_last_checkpoint(by_tensorflow, folder / "continued")
    _train_by_jax(
        folder, devices=2, jax="none", continued="none", two_devices="mirrored"
    )
    return folder


def _require_the_same(workdir, expected):
    losses = _losses(expected)
    assert len(losses) == 8
    np.testing.assert_allclose(_losses(workdir), losses, rtol=1e-4)


def test_jax_trains_the_same_without_tensorflow(by_jax, by_tensorflow):
    _require_the_same(by_jax / "jax", by_tensorflow)
    rows = read_losses(by_jax / "jax" / "losses.csv")
    assert all(row["depth"] > 0 for row in rows)
    assert np.any(load_network(by_jax / "jax").table[:, 1] != 0)
    assert (by_jax / "jax" / "previews" / "step_0000008.png").exists()
    assert (by_jax / "jax" / "losses.png").exists()


def test_jax_continues_what_tensorflow_began(by_jax, by_tensorflow):
    _require_the_same(by_jax / "continued", by_tensorflow)


def test_tensorflow_continues_what_jax_began(
    settings, by_jax, by_tensorflow, tmp_path
):
    workdir = _without_last_checkpoint(by_jax / "jax", tmp_path / "run")

    train(settings, workdir)

    _require_the_same(workdir, by_tensorflow)
    assert load_network(workdir).styles == settings.style_names()


def test_two_devices_train_as_one_under_jax(by_jax, by_tensorflow):
    _require_the_same(by_jax / "two_devices", by_tensorflow)


def test_two_devices_train_as_one_under_tensorflow(by_tensorflow, tmp_path):
    program = tmp_path / "two_devices.py"
    program.write_text(_TWO_DEVICES)

    done = run_program(program, by_tensorflow, tmp_path / "two")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "--batch_size=3 does not divide among 2 devices: give a multiple of 2",
        "False",
    ]
    _require_the_same(tmp_path / "two", by_tensorflow)


def test_real_networks(assets, small, tmp_path):
    """A few steps with VGG19, FastDepth, a painting and photos."""
    weights = assets / "weights"
    vgg19 = weights / "vgg19_imagenet_block1_conv1_to_block3_conv4.npz"
    fast_depth = weights / "fast_depth_nyu_224_float32.npz"
    settings = dataclasses.replace(
        small,
        style=str(assets / "paintings" / "wave.jpg"),
        content=str(assets / "photos" / "diverse"),
        perceptual_network=f"vgg19:{vgg19}",
        depth_network=f"fast_depth:{fast_depth}",
        style_layers=("relu1_1", "relu2_1", "relu3_1", "relu3_4"),
        content_layer="relu3_1",
        mixed_precision=True,
        steps=6,
    )

    train(settings, tmp_path / "run")

    rows = read_losses(tmp_path / "run" / "losses.csv")
    assert rows[-1]["style"] < rows[0]["style"]
    assert all(row["depth"] > 0 for row in rows)
    assert [row["depth_share"] > 0 for row in rows] == [False] * 2 + [True] * 4
