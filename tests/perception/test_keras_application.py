"""Networks of Keras Applications, at random: their weights are a download."""

import keras
import numpy as np
import pytest

from fast_depth_style.perception import registry
from fast_depth_style.perception.keras_application import (
    LAYERS,
    KerasApplication,
)
from fast_depth_style.requests import RequestError

_SHALLOW = {
    "ResNet50": "conv2_block1_out",
    "EfficientNetB0": "block1a_project_bn",
}


@pytest.fixture(scope="module", params=[*LAYERS])
def network(request, tmp_path_factory):
    """(name, Keras' network with random weights, their file)."""
    name = request.param
    keras.utils.set_random_seed(0)
    body = getattr(keras.applications, name)(include_top=False, weights=None)
    for layer in body.layers:
        if isinstance(layer, keras.layers.Normalization):
            # As in the file that Keras ships.
            mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
            arrays = [np.float32(mean), np.float32(deviation), np.int32(0)]
            layer.set_weights(arrays)
            layer.finalize_state()
    path = tmp_path_factory.mktemp(name) / "random.weights.h5"
    body.save_weights(path)
    return name, body, path


def test_every_layer_is_one_of_keras(network):
    name, body, _ = network
    theirs = [layer.name for layer in body.layers]

    assert [*LAYERS[name]] == sorted(LAYERS[name], key=theirs.index)


def test_features_are_those_of_keras(network):
    name, body, path = network
    layer = _SHALLOW[name]
    features = KerasApplication(name, {layer}, path)
    pictures = np.random.default_rng(0).uniform(0, 255, (1, 32, 48, 3))
    pictures = pictures.astype("float32")

    if name == "ResNet50":
        first = body.input
        prepared = keras.applications.resnet50.preprocess_input(pictures.copy())
    else:
        # What Keras has between its normalization and the first convolution
        # when it downloads ImageNet's weights, is missing in `body`.
        first = body.get_layer("stem_conv_pad").input
        mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        prepared = (pictures / 255 - mean) / deviation
    theirs = keras.Model(first, body.get_layer(layer).output)
    expected = theirs(prepared.astype("float32"), training=False)

    found = features(pictures)
    assert [*found] == [layer] == [*features.layer_names]
    np.testing.assert_allclose(
        found[layer], expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max()
    )
    # Cut off below, frozen, and no batch's statistics.
    assert features.count_params() < 0.05 * body.count_params()
    assert not features.trainable_weights
    again = features(pictures, training=True)[layer]
    np.testing.assert_array_equal(again, found[layer])


def test_a_file_of_another_network_is_refused(tmp_path):
    path = tmp_path / "a.weights.h5"
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    other.save_weights(path)

    with pytest.raises(RequestError) as error:
        KerasApplication("ResNet50", ["conv1_relu"], path)
    assert f"cannot read ResNet50 weights from {path}" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    "file, says", [("none.h5", "weight file at"), ("a.npz", "an .h5 or .weig")]
)
def test_a_file_of_no_use_is_refused(tmp_path, name, file, says):
    (tmp_path / "a.npz").write_text("")

    with pytest.raises(RequestError, match=f"{name} weight.*{says}|{says}"):
        KerasApplication(name, LAYERS[name][:1], tmp_path / file)


def test_an_unknown_layer_is_refused_before_anything_is_read():
    with pytest.raises(RequestError, match="ResNet50 has no layer 'relu1_1'"):
        registry.perceptual_network("resnet50:none.h5", {"relu1_1"})
