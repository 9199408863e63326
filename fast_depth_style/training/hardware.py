"""Detects accelerators and fast bfloat16; makes distribution strategies."""

import contextlib
import pathlib
from typing import Any

import keras

from fast_depth_style.errors import RequestError


def has_accelerator() -> bool:
    """Whether the backend computes on a GPU or TPU."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() != "cpu"
    import tensorflow as tf

    kinds = {device.device_type for device in tf.config.list_physical_devices()}
    return bool(kinds & {"GPU", "TPU"})


def bfloat16_is_fast(cpuinfo: str = "/proc/cpuinfo") -> bool:
    """Whether convolutions run faster in bfloat16 than in float32.

    They do on GPUs and TPUs, and on CPUs with instructions for it, by
    TensorFlow; a CPU without them emulates it, many times slower.
    """
    if has_accelerator():
        return True
    path = pathlib.Path(cpuinfo)
    if keras.backend.backend() != "tensorflow" or not path.exists():
        return False
    flags = set(path.read_text().split())
    return bool(flags & {"avx512_bf16", "amx_bf16"})


def compiles_well() -> bool:
    """Whether XLA makes a training step faster."""
    # TensorFlow's own convolutions are faster on CPUs; JAX has only XLA.
    return keras.backend.backend() == "jax" or has_accelerator()


def scope(
    strategy: str, batch_size: int
) -> contextlib.AbstractContextManager[Any]:
    """The context in which variables are made and `fit` runs.

    "mirrored" has weights on every device of this machine, each of which gets
    its part of the batch; one that does not divide is refused.
    """
    if strategy == "none":
        return contextlib.nullcontext()
    if strategy != "mirrored":
        raise RequestError(f"--strategy={strategy}: choose none or mirrored")
    by_jax = keras.backend.backend() == "jax"
    if by_jax:
        devices = keras.distribution.list_devices()
    else:
        import tensorflow as tf

        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        devices = [each.name for each in tf.config.list_logical_devices(kind)]
    if batch_size % len(devices):
        raise RequestError(
            f"--batch_size={batch_size} does not divide among"
            f" {len(devices)} devices: give a multiple of {len(devices)}"
        )
    if by_jax:
        return keras.distribution.DataParallel(devices=devices).scope()
    return tf.distribute.MirroredStrategy(devices).scope()
