"""What this machine computes on, as far as training needs to know."""

import contextlib
import pathlib

import keras

from fast_depth_style.requests import RequestError

STRATEGIES = ("none", "mirrored")


def has_accelerator() -> bool:
    """Whether the backend computes on a GPU or TPU."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend() != "cpu"
    import tensorflow as tf

    return bool(
        tf.config.list_physical_devices("GPU")
        or tf.config.list_physical_devices("TPU")
    )


def bfloat16_is_fast(cpuinfo: str = "/proc/cpuinfo") -> bool:
    """Whether convolutions run faster in bfloat16 than in float32.

    They do on GPUs and TPUs, and on CPUs with instructions for it, by
    TensorFlow; a CPU without them emulates it, many times slower.

    Args:
        cpuinfo: File in which the kernel lists the processor's flags.
    """
    if has_accelerator():
        return True
    path = pathlib.Path(cpuinfo)
    if keras.backend.backend() != "tensorflow" or not path.exists():
        return False
    flags = set(path.read_text().split())
    return bool(flags & {"avx512_bf16", "amx_bf16"})


def compiles_well() -> bool:
    """Whether XLA makes a training step faster.

    Not on CPUs by TensorFlow, whose own convolutions are faster there; JAX
    has nothing but XLA.
    """
    return keras.backend.backend() == "jax" or has_accelerator()


def scope(strategy: str, batch_size: int):
    """The context in which variables are made and `fit` runs.

    Args:
        strategy: "none", or "mirrored": weights on every device of this
            machine, each of which has its part of the batch.
        batch_size: Photos per step.

    Raises:
        RequestError: Unknown strategy, or a batch that does not divide among
            the devices.
    """
    if strategy == "none":
        return contextlib.nullcontext()
    if strategy != "mirrored":
        raise RequestError(
            f"--strategy={strategy}: choose {' or '.join(STRATEGIES)}"
        )
    devices = _devices()
    if batch_size % len(devices):
        raise RequestError(
            f"--batch_size={batch_size} does not divide among"
            f" {len(devices)} devices: give a multiple of {len(devices)}"
        )
    if keras.backend.backend() == "jax":
        return keras.distribution.DataParallel(devices=devices).scope()
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(devices).scope()


def _devices():
    """Names of the devices that compute; of the CPU, where there is no GPU."""
    if keras.backend.backend() == "jax":
        return keras.distribution.list_devices()
    import tensorflow as tf

    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    return [device.name for device in tf.config.list_logical_devices(kind)]
