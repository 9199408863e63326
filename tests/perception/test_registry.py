import re

import numpy_networks
import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.perception import compact_perceptual, registry
from fast_depth_style.perception.imagenet import (
    SQUEEZENET_LAYERS,
    VGG19_LAYERS,
)
from fast_depth_style.perception.layer_names import (
    default_layers,
    require_layers,
)


def test_vgg19_in_the_home_folder_with_a_colon_in_its_name(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    numpy_networks.VGG19().write(tmp_path / "vgg19:weights.npz")

    network = registry.perceptual_network(
        "vgg19:~/vgg19:weights.npz", {"relu1_1"}, "mixed_bfloat16"
    )

    assert network.layer_names == ("relu1_1",)
    assert network.compute_dtype == "bfloat16"
    # No deeper than asked for.
    assert [tuple(w.shape) for w in network.weights] == [(3, 3, 3, 64), (64,)]


@pytest.mark.parametrize(
    "spec, layers, says",
    [
        *[
            (spec, {"relu1_1"}, re.escape(f"{spec!r}: choose one of vgg19, "))
            for spec in ("", "vgg16", "compact:x", "VGG19", "squeezenet")
        ],
        ("vgg19:", {"relu1_1"}, "vgg19: names no file"),
        ("resnet50: ", {"relu1_1"}, "names no file"),
        ("vgg19:a:b.h5", {"relu1_1"}, "no VGG19 weight file at /.*/a:b.h5"),
        ("squeezenet:a.h5", {"relu1_1"}, "SqueezeNet has no layer.*conv1"),
        ("resnet50:a.h5", {"relu1_1"}, "ResNet50 has no layer.*conv1_relu, "),
        ("efficientnetb0", {"relu1_1"}, "B0 has no layer.*stem_activation, "),
        ("compact", {"relu1_1", "relu4_2"}, "vgg19 has more.*relu3_4$"),
        ("compact", set(), "vgg19 has more.*needs a layer.*relu3_4$"),
    ],
)
def test_wrong_perceptual_requests(spec, layers, says):
    with pytest.raises(RequestError, match=says):
        registry.perceptual_network(spec, layers)


def test_only_vgg19_has_another_pooling():
    with pytest.raises(RequestError, match="compact has no average pooling"):
        registry.perceptual_network("compact", {"relu1_1"}, pooling="average")


@pytest.mark.parametrize(
    "spec, says",
    [
        *[
            (spec, re.escape(f"{spec!r}: choose one of hub"))
            for spec in ("", "midas", "fast_depth", "none:x", "compact:x")
        ],
        ("fcrn:", "fcrn: names no file"),
        ("compact,none", "none goes with no other"),
        ("fast_depth:~/none.npz", "no FastDepth weight file at /.*none.npz"),
        ("fcrn:none.npy", "no FCRN weight file at /.*none.npy"),
        ("hub:none", "/none cannot be loaded"),
    ],
)
def test_wrong_depth_requests(spec, says):
    with pytest.raises(RequestError, match=says):
        registry.depth_network(spec)


def test_depth_networks_by_name():
    assert registry.depth_network("none") is None
    compact = registry.depth_network("compact", "mixed_bfloat16")
    assert compact.compute_dtype == "bfloat16"
    assert (compact.quantity, compact.is_metric) == ("inverse_depth", False)
    ensemble = registry.depth_network("compact,compact")
    assert [e.quantity for e in ensemble.estimators] == ["inverse_depth"] * 2


@pytest.mark.parametrize(
    "kind, known",
    [
        ("vgg19", VGG19_LAYERS),
        ("compact", tuple(compact_perceptual.COMPONENTS)),
        ("squeezenet", SQUEEZENET_LAYERS),
    ],
)
def test_a_network_has_its_default_layers_in_their_order(kind, known):
    found = default_layers(f"{kind}:a:b.h5")

    assert found == default_layers(kind)
    assert found.content in known
    for names in (
        found.style,
        found.reconstructed_style,
        found.reconstructed_content,
    ):
        assert require_layers(kind, known, [*names, *names[::-1]]) == names
