import numpy as np
import pytest

from fast_depth_style.benchmarking import compact_networks
from fast_depth_style.benchmarking.contestant import Contestant
from fast_depth_style.training.settings import preset

_SETTINGS = preset(
    "quick", width=0.1, image_size=64, style_size=64, batch_size=1
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "factory, name, shape",
    [
        (compact_networks.perception, "gradient", (1, 64, 64, 3)),
        (compact_networks.step, "loss", ()),
    ],
)
def test_what_is_timed_looks_at_pictures(factory, name, shape):
    contestant = Contestant(
        "compact", factory, settings=_SETTINGS.to_json(), threads=1
    )
    result = contestant.results[name]

    assert result.shape == shape
    assert np.isfinite(result).all() and result.any()
    assert contestant.go() > 0
    assert contestant.finish() > 100 << 20


@pytest.mark.slow
def test_compact_networks_take_less_than_real_ones(assets):
    weights = assets / "weights"
    vgg19 = weights / "vgg19_imagenet_block1_conv1_to_block3_conv4.npz"
    fast_depth = weights / "fast_depth_nyu_224_float32.npz"
    settings = preset(
        "balanced",
        perceptual_network=f"vgg19:{vgg19}",
        depth_network=f"fast_depth:{fast_depth}",
        image_size=64,
        batch_size=1,
    )

    measured = {
        each.name: min(each.seconds)
        for each in compact_networks.compare_compact(settings, 2, 1)
    }

    assert len(measured) == 4
    assert measured["perception, compact"] < measured["perception"]
    assert measured["training step, quick"] < measured["training step"]
