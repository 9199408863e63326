"""The compact depth network without Keras, against the one of Keras."""

import numpy as np
import pytest

from fast_depth_style.exporting.pictures import soft_shapes
from fast_depth_style.networks.onnx_graph import runner, store_as_float16
from fast_depth_style.perception import COMPACT_DEPTH
from fast_depth_style.perception.compact_depth import CompactDepth
from fast_depth_style.perception.onnx_compact_depth import depth_graph
from fast_depth_style.perception.shipped_weights import read_shipped_weights


@pytest.fixture(scope="module")
def both():
    """The network of Keras, and what its file for the page computes."""
    graph = depth_graph(read_shipped_weights(COMPACT_DEPTH))
    store_as_float16(graph)
    content = graph.SerializeToString()
    # 1.5 million weights of two bytes each.
    assert len(content) < 3e6
    return CompactDepth(), runner(content)


@pytest.mark.parametrize("size", [(90, 61), (213, 320), (640, 427)])
def test_it_estimates_what_the_network_does(both, size):
    network, run = both
    image = np.stack([soft_shapes(size, seed) for seed in (0, 1)])
    image = image.astype("float32")
    expected, made = np.asarray(network(image)), run(image)
    assert made.shape == (2, 1, 80, 80)
    assert np.abs(made[:, 0] - expected).max() < 1e-5
    assert expected.std() > 0.01
