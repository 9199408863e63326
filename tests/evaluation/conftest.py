"""Photos and a perceptual network of a test's size."""

import keras
import numpy as np
import pytest
from PIL import Image

from fast_depth_style.evaluation.evaluator import Context, Sample
from fast_depth_style.evaluation.judges import Judge
from fast_depth_style.objective_settings import ObjectiveSettings


@pytest.fixture
def perceptual():
    keras.utils.set_random_seed(0)
    pictures = keras.Input((None, None, 3))
    first = keras.layers.Conv2D(4, 3, activation="relu")(pictures / 255)
    second = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(first)
    return keras.Model(pictures, {"relu1_1": first, "relu2_1": second})


@pytest.fixture
def make_context(perceptual):
    def make(measured=False, **judges):
        painting = np.random.default_rng(7).integers(0, 256, (48, 40, 3), "u1")
        return Context(
            ObjectiveSettings(
                depth_network="none",
                style_layers=("relu1_1", "relu2_1"),
                content_layer="relu2_1",
            ),
            perceptual,
            painting,
            [Judge(name, name, judge) for name, judge in judges.items()],
            measured,
        )

    return make


@pytest.fixture
def measure():
    """All that a family of metrics finds in pictures of a photo."""

    def measure(family, context, photo, *pictures, measured=None):
        sample = Sample(photo, np.stack(pictures), measured)
        rows = [{} for _ in pictures]
        for evaluator in family.evaluators(context):
            for row, found in zip(rows, evaluator.measure(sample), strict=True):
                row.update(found)
        return rows

    return measure


@pytest.fixture
def rgb():
    """(96, 96, 3) uint8 of soft random colours."""
    coarse = np.random.default_rng(3).integers(0, 256, (7, 6, 3), "uint8")
    return np.array(Image.fromarray(coarse).resize((96, 96)))


@pytest.fixture
def photo():
    """32x32: a ramp of brightness with a square before it."""
    ramp = np.linspace(40, 220, 32)[:, None, None] * np.ones((32, 32, 3))
    ramp[8:20, 8:20] = (60, 30, 90)
    return ramp.astype("uint8")


@pytest.fixture
def write_photos(tmp_path):
    """Writes soft random photos and returns their folder."""

    def write(names, folder="content", size=(70, 90)):
        root = tmp_path / folder
        for seed, name in enumerate(names):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3))
            image = Image.fromarray(coarse.astype("uint8"))
            image.resize(size[::-1]).save(path)
        return root

    return write
