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
    """The context in which variables and the step are made.

    Args:
        strategy: "none", or "mirrored": a replica on every device of this
            machine, each with its part of the batch (TensorFlow).
        batch_size: Photos per step.

    Raises:
        RequestError: Unknown strategy, one that the backend lacks, or a batch
            that does not divide among the devices.
    """
    if strategy == "none":
        return contextlib.nullcontext()
    if strategy != "mirrored":
        raise RequestError(
            f"--strategy={strategy}: choose {' or '.join(STRATEGIES)}"
        )
    if keras.backend.backend() != "tensorflow":
        raise RequestError("--strategy=mirrored needs KERAS_BACKEND=tensorflow")
    import tensorflow as tf

    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    devices = tf.config.list_logical_devices(kind)
    if batch_size % len(devices):
        raise RequestError(
            f"--batch_size={batch_size} does not divide among"
            f" {len(devices)} devices: give a multiple of {len(devices)}"
        )
    return tf.distribute.MirroredStrategy([d.name for d in devices]).scope()
