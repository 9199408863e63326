"""What contestants start from: the same pictures, the same weights."""

from collections.abc import Iterable

import numpy as np


def soft_pictures(count: int, height: int, width: int, seed: int) -> np.ndarray:
    """Pictures of soft coloured shapes, (count, height, width, 3) float32.

    Whole numbers in 0..255.
    """
    random = np.random.default_rng(seed)
    y = np.linspace(0, 2 * np.pi, height)[:, None, None]
    x = np.linspace(0, 2 * np.pi, width)[:, None]
    pictures = np.zeros((count, height, width, 3))
    for frequency in range(1, 9):
        waves = random.uniform(-frequency, frequency, (2, count, 1, 1, 3))
        phases = random.uniform(0, 2 * np.pi, (count, 1, 1, 3))
        pictures += np.sin(waves[0] * y + waves[1] * x + phases) / frequency
    pictures -= pictures.min()
    return np.round(pictures * (255 / pictures.max())).astype(np.float32)


def trainer_and_photos(settings):
    """A trainer at its first step and a batch of `soft_pictures`.

    Args:
        settings: `Settings` of a run; its painting and its photos are ours.

    Returns:
        The `Trainer` and (batch, size, size, 3) float32 in 0..255.

    Raises:
        RequestError: A network cannot be had.
    """
    # Here, since PyTorch's processes have no use for Keras.
    from fast_depth_style.training import run

    painting, size = settings.style_size, settings.image_size
    trainer = run.build_trainer(
        run.for_this_machine(settings),
        soft_pictures(1, painting, painting, seed=2)[0],
        jit=None,
    )
    return trainer, soft_pictures(settings.batch_size, size, size, seed=1)


def named_weights(network) -> dict:
    """{"down0/kernel": variable, …}, the weights of a `Transformer`.

    The scale and shift of an instance normalization stand beside the kernel
    and bias of the convolution that it follows.
    """
    layers = [*network.convs, *network.norms, network.paint]
    return {
        f"{layer.name.removesuffix('_norm')}/{variable.name}": variable
        for layer in layers
        for variable in layer.weights
    }


def vgg19_arrays(spec: str, layers: Iterable[str]) -> dict[str, np.ndarray]:
    """Weights of VGG19 by the names that files have.

    Args:
        spec: vgg19 or vgg19:FILE; empty means random weights, down to the
            deepest layer there is.
        layers: Names of features, such as "relu3_1"; a file is read down to
            the deepest of them.

    Raises:
        RequestError: The weights cannot be had.
    """
    from fast_depth_style.perception.vgg19 import LAYERS, VGG19

    if not spec:
        return random_vgg19(LAYERS)
    _, _, argument = spec.partition(":")
    return {
        "/".join(w.name.rsplit("_", 1)): w.numpy()
        for w in VGG19(layers, argument or "imagenet").weights
    }


def random_vgg19(layers: Iterable[str]) -> dict[str, np.ndarray]:
    """Weights that keep the features of every layer about equally strong.

    Args:
        layers: Names of convolutions, in their order, from the first on.
    """
    random = np.random.default_rng(0)
    arrays, inputs = {}, 3
    for name in layers:
        block, index = name[4], name[6]
        outputs = min(64 * 2 ** (int(block) - 1), 512)
        scale = (2 / (9 * inputs)) ** 0.5
        kernel = random.normal(0, scale, (3, 3, inputs, outputs))
        arrays[f"block{block}_conv{index}/kernel"] = kernel.astype("float32")
        arrays[f"block{block}_conv{index}/bias"] = np.zeros(outputs, "float32")
        inputs = outputs
    return arrays
