import driving_depth
import numpy as np
import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.images.files import read_rgb
from fast_depth_style.images.size import resize
from fast_depth_style.perception.registry import depth_network


def test_it_knows_that_roads_are_near_and_skies_far(assets, tmp_path):
    [weights] = (assets / "weights").glob("rt_monodepth_s_*.npz")
    driving_depth.write_module(weights, tmp_path / "module")
    judge = depth_network(f"hub:{tmp_path / 'module'}")
    files = sorted((assets / "photos/bsds500/val").glob("*.jpg"))[:24]
    photos = np.stack([resize(read_rgb(file), (256, 384)) for file in files])

    maps = np.array(judge(photos.astype("float32")))

    assert maps.shape == (24, 256, 384)
    rows = maps.mean((0, 2)).reshape(8, -1).mean(1)
    assert rows[-1] > 1.5 * rows[0]


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(RequestError, match="missing.npz cannot be read"):
        driving_depth.write_module(tmp_path / "missing.npz", tmp_path / "m")
