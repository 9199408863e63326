import subprocess
import sys

import pytest

from fast_depth_style.perception.layer_names import (
    DefaultLayers,
    default_layers,
    require_layers,
)
from fast_depth_style.requests import RequestError

_KNOWN = ("one", "two", "three")


def _known_layers(kind):
    from fast_depth_style.perception import (
        compact_perceptual,
        keras_application,
        squeezenet,
        vgg19,
    )

    return {
        "vgg19": vgg19.LAYERS,
        "compact": tuple(compact_perceptual.COMPONENTS),
        "squeezenet": squeezenet.LAYERS,
        "resnet50": keras_application.LAYERS["ResNet50"],
        "efficientnetb0": keras_application.LAYERS["EfficientNetB0"],
    }[kind]


@pytest.mark.parametrize(
    "kind", ["vgg19", "compact", "squeezenet", "resnet50", "efficientnetb0"]
)
def test_a_network_has_its_default_layers_in_their_order(kind):
    found, known = default_layers(f"{kind}:a:b.h5"), _known_layers(kind)

    assert found == default_layers(kind)
    assert found.content in known
    for names in (
        found.style,
        found.reconstructed_style,
        found.reconstructed_content,
    ):
        assert [*names] == sorted(names, key=known.index)


def test_what_there_is_not_has_those_of_vgg19():
    assert default_layers("vgg16") == default_layers("vgg19")
    assert isinstance(default_layers(""), DefaultLayers)


def test_layers_are_put_in_order_once():
    assert require_layers("A", _KNOWN, ["three", "one", "one"]) == (
        "one",
        "three",
    )


@pytest.mark.parametrize(
    "layers, says",
    [
        (["one", "four"], "A has no layer 'four': it has one, two, three"),
        ([], "A needs a layer: it has one, two, three"),
    ],
)
def test_an_unknown_layer_is_refused(layers, says):
    with pytest.raises(RequestError) as error:
        require_layers("A", _KNOWN, layers)

    assert str(error.value) == says


def test_it_needs_no_keras():
    """So that --help can tell the defaults at once."""
    program = (
        "import sys, fast_depth_style.perception.layer_names;"
        "sys.exit('keras' in sys.modules or 'numpy' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
