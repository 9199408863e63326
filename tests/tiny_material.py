"""Pictures and weights that are small enough to be made for every test."""

import os
import shutil
import threading
import time

import numpy as np
from PIL import Image

from fast_depth_style.runs.losses import read_losses


def picture(random, height, width):
    """A smooth picture without greys."""
    # Without flat places, where a maximum has no gradient of its own.
    coarse = random.integers(64, 192, (6, 7, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(
        (width, height), Image.Resampling.BICUBIC
    )


def half(height, width):
    """A mask that is white on the left."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, : width // 2] = 255
    return mask


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


def fast_depth_weights(random):
    """{name: array} of FastDepth's 38 convolutions, four channels each."""
    weights, inputs = {}, 3
    for index in range(38):
        if index % 2 and index != 37:
            key = f"{index:02d}_DEPTHWISE_CONV_2D"
            side, fan = (3 if index < 27 else 5), 1
            shape, outputs = (side, side, inputs, 1), inputs
        else:
            key = f"{index:02d}_CONV_2D"
            side, fan = (1 if index else 3), inputs
            outputs = 1 if index == 37 else 4
            shape = (side, side, inputs, outputs)
        scale = np.sqrt(2 / (side * side * fan))
        kernel = random.normal(0, scale, shape)
        weights[f"{key}_w"] = np.abs(kernel) if index == 37 else kernel
        weights[f"{key}_b"] = random.uniform(0, 0.2, outputs)
        inputs = outputs
    return {name: array.astype("float32") for name, array in weights.items()}


def write_material(folder):
    """Writes painting.png, photos/ (one is broken) and both networks' files.

    Beside them photo.png, a.png, b.png, which are smaller, and text.png, which
    is no picture.
    """
    random = np.random.default_rng(0)
    for name, height, width in (
        ("painting", 96, 80),
        ("photo", 24, 32),
        ("a", 40, 36),
        ("b", 30, 50),
    ):
        picture(random, height, width).save(folder / f"{name}.png")
    (folder / "text.png").write_text("not a picture")
    (folder / "photos").mkdir()
    for number in range(7):
        photo = picture(random, 90 + 7 * number, 120 - 5 * number)
        photo.save(folder / "photos" / f"{number}.png")
    shutil.copy(folder / "text.png", folder / "photos" / "broken.jpg")
    np.savez(folder / "vgg19.npz", **vgg19_weights(random))
    np.savez(folder / "fast_depth.npz", **fast_depth_weights(random))
    return folder


def interrupt_when_it_runs(losses, number):
    """Sends this process a signal once two steps are in losses.csv."""

    def interrupt():
        until = time.monotonic() + 120
        while len(read_losses(losses)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    threading.Thread(target=interrupt).start()
