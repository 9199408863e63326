import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fast_depth_style.distillation.depth import DepthDistillation
from fast_depth_style.distillation.depth_run import run_depth
from fast_depth_style.perception.compact_depth import WEIGHTS, CompactDepth
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.perception.shipped_weights import read_shipped_weights
from fast_depth_style.requests import RequestError


class _Teacher(DepthEstimator):
    is_metric = True

    def outputs(self, pictures):
        grey = tf.nn.avg_pool2d(pictures, 16, 16, "SAME")
        depth = 3 - tf.reduce_mean(pictures, axis=-1) / 128
        return depth, [tf.tile(grey, (1, 1, 1, 40))]


@pytest.fixture
def folders(tmp_path):
    draw = np.random.default_rng(0)
    for name in ("rgb", "depth", "photos"):
        (tmp_path / name).mkdir()
    for number in range(100, 180, 8):
        rgb = draw.integers(0, 256, (24, 32, 3), np.uint8)
        grey = draw.integers(20, 200, (24, 32), np.uint8)
        name = f"{number:04}"
        Image.fromarray(rgb).save(tmp_path / "rgb" / f"{name}.jpg")
        Image.fromarray(grey).save(tmp_path / "depth" / f"{name}.png")
        Image.fromarray(rgb).save(tmp_path / "photos" / f"{name}.jpg")
    return tmp_path


@pytest.mark.slow
def test_from_folders_to_checked_and_measured_weights(folders):
    lines = []
    config = DepthDistillation(
        steps=2, rooms_per_step=2, photos_per_step=1, sizes=(32, 32, 32)
    )
    arguments = (
        config,
        _Teacher(),
        folders,
        [folders / "photos"],
        folders / "run",
        folders / "run" / "weights",
        lines.append,
    )
    scores = run_depth(*arguments)
    assert scores == json.loads((folders / "run" / "scores.json").read_text())
    weights = read_shipped_weights(WEIGHTS, folders / "run" / "weights")
    assert CompactDepth(weights).count_params() > 1_000_000
    assert "rooms held out" in lines[-1]


def test_missing_folders_are_named(folders):
    rest = folders / "run", folders / "weights"
    for rgbd, photos, message in (
        (folders, folders / "none", "no folder .*none"),
        (folders / "photos", folders / "photos", "too few rooms"),
    ):
        with pytest.raises(RequestError, match=message):
            run_depth(DepthDistillation(), _Teacher(), rgbd, [photos], *rest)
    assert not (folders / "run").exists()
