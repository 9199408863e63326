"""Pictures and weights that are small enough to be made for every test."""

import numpy as np
from PIL import Image


def picture(random, height, width):
    """A smooth picture without greys."""
    # Without flat places, where a maximum has no gradient of its own.
    coarse = random.integers(64, 192, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(
        (width, height), Image.Resampling.BICUBIC
    )


def vgg19_weights(random):
    """{name: array} of VGG19's first three convolutions, at random."""
    weights, inputs = {}, 3
    for name, outputs in (
        ("block1_conv1", 64),
        ("block1_conv2", 64),
        ("block2_conv1", 128),
    ):
        scale = np.sqrt(2 / (9 * inputs))
        kernel = random.normal(0, scale, (3, 3, inputs, outputs))
        weights[f"{name}/kernel"] = kernel.astype("float32")
        weights[f"{name}/bias"] = random.normal(0, 0.1, outputs).astype("f4")
        inputs = outputs
    return weights
