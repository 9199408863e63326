"""The same run on another backend, and with real networks."""

import dataclasses
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from fast_depth_style.training.losses_log import read_losses
from fast_depth_style.training.run import export_run, train


def _losses(workdir):
    return [row["loss"] for row in read_losses(workdir / "losses.csv")]


def _without_last_checkpoint(workdir, copy):
    shutil.copytree(workdir, copy)
    max((copy / "checkpoints").glob("step_*.npz")).unlink()
    return copy


_WITHOUT_TENSORFLOW = """
import pathlib, sys
sys.modules["tensorflow"] = None
from fast_depth_style.training.run import train
from fast_depth_style.training.workdir import read_settings
for workdir in map(pathlib.Path, sys.argv[2:]):
    train(read_settings(workdir), workdir, strategy=sys.argv[1])
"""


def _train_by_jax(*workdirs, devices=1, strategy="none"):
    """Trains without TensorFlow, which need not be installed there."""
    run = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TENSORFLOW, strategy, *workdirs],
        env=os.environ
        | {
            "KERAS_BACKEND": "jax",
            "JAX_PLATFORMS": "cpu",
            # A second run need not compile again.
            "JAX_COMPILATION_CACHE_DIR": str(workdirs[0].parent / "compiled"),
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
def test_jax_trains_the_same_and_each_continues_the_other(
    small_with_depth, tmp_path
):
    """At a small learning rate: at a large one, rounding grows fast."""
    pytest.importorskip("jax")
    from fast_depth_style.training.workdir import write_settings

    settings = dataclasses.replace(small_with_depth, learning_rate=1e-5)
    by_tensorflow = tmp_path / "tensorflow"
    train(settings, by_tensorflow)
    by_jax = tmp_path / "jax"
    write_settings(by_jax, settings.to_json())
    on_jax = _without_last_checkpoint(by_tensorflow, tmp_path / "on_jax")

    _train_by_jax(by_jax, on_jax)

    expected = _losses(by_tensorflow)
    np.testing.assert_allclose(_losses(by_jax), expected, rtol=1e-4)
    np.testing.assert_allclose(_losses(on_jax), expected, rtol=1e-4)
    on_tensorflow = _without_last_checkpoint(by_jax, tmp_path / "on_tensorflow")
    train(settings, on_tensorflow)
    assert export_run(on_tensorflow).exists()
    np.testing.assert_allclose(_losses(on_tensorflow), expected, rtol=1e-4)


@pytest.mark.slow
def test_jax_trains_on_several_devices_as_on_one(small, tmp_path):
    pytest.importorskip("jax")
    from fast_depth_style.training.workdir import write_settings

    settings = dataclasses.replace(
        small, batch_size=8, steps=4, learning_rate=1e-4
    )
    losses = {}
    for devices in (1, 2, 8):
        workdir = tmp_path / str(devices)
        write_settings(workdir, settings.to_json())
        _train_by_jax(workdir, devices=devices, strategy="mirrored")
        losses[devices] = _losses(workdir)

    assert len(losses[1]) == 4
    np.testing.assert_allclose(losses[2], losses[1], rtol=1e-4)
    np.testing.assert_allclose(losses[8], losses[1], rtol=1e-4)


@pytest.mark.slow
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
