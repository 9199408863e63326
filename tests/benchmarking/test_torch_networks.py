import numpy as np
import pytest

from fast_depth_style.benchmarking.inputs import named_weights, soft_pictures
from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.perception.vgg19 import VGG19

torch = pytest.importorskip("torch")

from fast_depth_style.benchmarking import torch_networks  # noqa: E402


def _channels_first(pictures):
    return torch.from_numpy(pictures).permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def networks():
    network = Transformer(width=0.1, blocks=2)
    network.build()
    random = np.random.default_rng(0)
    for weight in network.weights:
        # So that no weight can be left out without a trace.
        weight.assign_add(random.normal(0, 0.1, weight.shape))
    weights = {n: w.numpy() for n, w in named_weights(network).items()}
    return network, torch_networks.Transformer(weights)


@pytest.mark.parametrize("size", [(32, 48), (33, 50)])
def test_transformer_equals_ours(networks, size):
    ours, theirs = networks
    pictures = soft_pictures(2, *size, seed=1)
    with torch.no_grad():
        stylized = theirs(_channels_first(pictures)).permute(0, 2, 3, 1)

    np.testing.assert_allclose(stylized, ours(pictures), atol=0.05)


def test_byte_transformer_gives_what_the_network_paints(networks):
    ours, theirs = networks
    pictures = soft_pictures(2, 33, 50, seed=1).astype(np.uint8)
    with torch.no_grad():
        stylized = torch_networks.ByteTransformer(theirs)(
            torch.from_numpy(pictures)
        ).numpy()
    expected = np.clip(ours(pictures.astype(np.float32)), 0, 255)

    assert stylized.dtype == np.uint8
    assert np.abs(stylized - expected).max() < 0.55


def test_vgg19_equals_ours(tmp_path):
    random = np.random.default_rng(0)
    weights = {}
    for name, inputs, outputs in (
        ("block1_conv1", 3, 64),
        ("block1_conv2", 64, 64),
        ("block2_conv1", 64, 128),
    ):
        shape = (3, 3, inputs, outputs)
        kernel = random.normal(0, (2 / (9 * inputs)) ** 0.5, shape)
        weights[f"{name}/kernel"] = kernel.astype(np.float32)
        weights[f"{name}/bias"] = random.normal(size=outputs).astype("float32")
    np.savez(tmp_path / "vgg19.npz", **weights)
    layers = ["relu1_1", "relu2_1"]
    pictures = soft_pictures(2, 17, 22, seed=1)
    expected = VGG19(layers, str(tmp_path / "vgg19.npz"))(pictures)
    network = torch_networks.VGG19(weights)
    features = network(_channels_first(pictures), layers)

    assert set(features) == set(expected)
    for name, ours in expected.items():
        theirs = features[name].permute(0, 2, 3, 1)
        np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-2)
    assert set(network(_channels_first(pictures), layers[:1])) == {"relu1_1"}
    assert not any(p.requires_grad for p in network.parameters())
