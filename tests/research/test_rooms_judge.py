import csv

import depth_data
import numpy as np
import rooms_judge
from distillation_settings import DepthDistillation

from fast_depth_style.perception.imagenet import SQUEEZENET_LAYERS
from fast_depth_style.perception.registry import depth_network


def _random_squeezenet(path):
    random = np.random.default_rng(0)
    shapes, inputs = {"conv1": (3, 3, 3, 64)}, 64
    channels = (128, 128, 256, 256, 384, 384, 512, 512)
    for name, outputs in zip(SQUEEZENET_LAYERS[1:], channels, strict=True):
        half, squeezed = outputs // 2, outputs // 8
        shapes[f"{name}/squeeze1x1"] = (1, 1, inputs, squeezed)
        shapes[f"{name}/expand1x1"] = (1, 1, squeezed, half)
        shapes[f"{name}/expand3x3"] = (3, 3, squeezed, half)
        inputs = outputs
    arrays = {}
    for name, shape in shapes.items():
        scale = (2 / np.prod(shape[:3])) ** 0.5
        arrays[f"{name}/kernel"] = random.normal(0, scale, shape).astype("f4")
        arrays[f"{name}/bias"] = np.zeros(shape[3], "f4")
    np.savez(path, **arrays)


def test_the_judge_learns_and_becomes_a_module(material, tmp_path):
    _random_squeezenet(tmp_path / "squeezenet.npz")
    training, held_out = depth_data.split_rooms(material / "rooms")
    settings = DepthDistillation(epochs=2, steps_per_epoch=5, rooms_per_step=2)
    folder = tmp_path / "judge"
    weights = tmp_path / "squeezenet.npz"

    rooms_judge.train_judge(settings, weights, training, folder)

    with (folder / "losses.csv").open() as file:
        first, last = (float(row["loss"]) for row in csv.DictReader(file))
    assert last < 0.9 * first
    judge = depth_network(f"hub:{folder / 'module'}")
    assert judge.quantity == "inverse_depth"
    found = rooms_judge.score(folder / "module", held_out)
    assert found["rooms"] == len(held_out)
    assert np.isfinite(found["spearman_mean"])
