import re

import numpy as np
import pytest

from fast_depth_style.perception import registry
from fast_depth_style.perception.layer_names import default_layers
from fast_depth_style.perception.vgg19 import VGG19
from fast_depth_style.requests import RequestError


@pytest.fixture
def vgg19_file(tmp_path):
    path = tmp_path / "vgg19:weights.npz"
    kernel = np.zeros((3, 3, 3, 64), "float32")
    bias = np.zeros(64, "float32")
    np.savez(path, **{"block1_conv1/kernel": kernel, "block1_conv1/bias": bias})
    return path


def test_vgg19_with_a_file_whose_name_has_a_colon(vgg19_file):
    network = registry.perceptual_network(
        f"vgg19:{vgg19_file}", {"relu1_1"}, "mixed_bfloat16"
    )

    assert isinstance(network, VGG19)
    assert network.layer_names == ("relu1_1",)
    assert network.compute_dtype == "bfloat16"


def test_the_compact_network_has_no_average_pooling():
    with pytest.raises(RequestError, match="no average pooling: use vgg19"):
        registry.perceptual_network("compact", {"relu1_1"}, pooling="average")


@pytest.mark.parametrize(
    "kind, name",
    [
        ("squeezenet", "SqueezeNet"),
        ("resnet50", "ResNet50"),
        ("efficientnetb0", "EfficientNetB0"),
    ],
)
def test_a_perceptual_file_that_is_not_there_is_refused(kind, name):
    layers = {default_layers(kind).content}

    with pytest.raises(RequestError, match=f"no {name} weight file at a:b.h5"):
        registry.perceptual_network(f"{kind}:a:b.h5", layers)


def test_none_is_no_depth_network():
    assert registry.depth_network("none") is None


def test_several_depth_networks_are_one_ensemble():
    network = registry.depth_network("compact,compact")

    assert [e.quantity for e in network.estimators] == ["inverse_depth"] * 2


def test_none_goes_with_no_other_depth_network():
    with pytest.raises(RequestError, match="none goes with no other"):
        registry.depth_network("compact,none")


@pytest.mark.parametrize("kind", ["fast_depth", "fcrn", "hub"])
def test_a_file_that_is_not_there_is_refused(tmp_path, kind):
    with pytest.raises(RequestError, match=str(tmp_path / "none")):
        registry.depth_network(f"{kind}:{tmp_path / 'none'}")


@pytest.mark.parametrize(
    "spec",
    ["", "vgg16", "compact:file.npz", "VGG19", "vgg19.npz", "squeezenet"],
)
def test_an_unknown_perceptual_network_is_refused(spec):
    with pytest.raises(
        RequestError, match=re.escape(f"{spec!r}: choose one of vgg19, ")
    ):
        registry.perceptual_network(spec, {"relu1_1"})


@pytest.mark.parametrize(
    "spec", ["", "midas", "fast_depth", "fcrn:", "none:file", "compact:file"]
)
def test_an_unknown_depth_network_is_refused(spec):
    with pytest.raises(
        RequestError, match=re.escape(f"{spec!r}: choose one of hub")
    ):
        registry.depth_network(spec)


def test_every_depth_network_tells_what_it_returns(assets):
    fast_depth = assets / "weights" / "fast_depth_nyu_224_float32.npz"
    network = registry.depth_network(f"fast_depth:{fast_depth}")

    assert (network.quantity, network.is_metric) == ("depth", True)
