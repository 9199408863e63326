"""Networks against their papers, computed in numpy."""

import keras
import numpy as np
import numpy_networks
import pytest
from gradients import assert_close

from fast_depth_style.errors import RequestError
from fast_depth_style.perception.compact_depth import SIZE, CompactDepth
from fast_depth_style.perception.compact_perceptual import (
    WEIGHTS,
    CompactPerceptual,
)
from fast_depth_style.perception.depth_estimator import (
    DepthEnsemble,
    DepthEstimator,
)
from fast_depth_style.perception.fast_depth import FastDepth
from fast_depth_style.perception.fcrn import FCRN
from fast_depth_style.perception.frozen_network import resize_bilinear
from fast_depth_style.perception.imagenet import (
    VGG19,
    KerasApplication,
    SqueezeNet,
)
from fast_depth_style.perception.shipped_weights import read_shipped_weights


def _pictures(*shape):
    draw = np.random.default_rng(1)
    return draw.uniform(0, 255, (*shape, 3)).astype("float32")


@pytest.mark.parametrize(
    "reference, size, reduce, make",
    [
        (
            numpy_networks.VGG19,
            (9, 12),
            reduce,
            lambda path, pooling=pooling: VGG19(
                ["relu2_1", "relu1_1", "relu1_2"], path, pooling
            ),
        )
        for pooling, reduce in (("max", np.max), ("average", np.mean))
    ]
    + [
        (
            numpy_networks.SqueezeNet,
            (22, 25),
            np.max,
            lambda path: SqueezeNet({"fire2", "conv1"}, path),
        )
    ],
    ids=["vgg19", "vgg19 average", "squeezenet"],
)
def test_perceptual_networks(tmp_path, reference, size, reduce, make):
    reference, pictures = reference(), _pictures(2, *size)
    expected = reference(pictures, reduce)

    network = make(reference.write(tmp_path / "weights.npz"))

    found = network(pictures)
    assert [*found] == [*expected]
    for name, features in found.items():
        assert_close(features, expected[name])
    if isinstance(network, SqueezeNet):
        assert network(pictures[:, :7, :9])["fire2"].shape[1:3] == (1, 1)
        with pytest.raises(RequestError, match="fire2 needs .* at least 7"):
            network(pictures[:, :6, :9])


@pytest.mark.parametrize(
    "reference, name, network, size",
    [
        (numpy_networks.FastDepth(), "a.npz", FastDepth, 64),
        # 57x76, halved five times, rounded up: 2x3.
        (numpy_networks.FCRN(), "a.npy", FCRN, (57, 76)),
        pytest.param(
            numpy_networks.FCRN(64),
            "a.npy",
            FCRN,
            (16, 16),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["fast_depth", "fcrn", "fcrn as published"],
)
def test_depth_networks(tmp_path, reference, name, network, size):
    pictures = _pictures(2, *np.broadcast_to(size, 2))
    expected, expected_features = reference(pictures)
    assert expected.std() > 0.01

    network = network(reference.write(tmp_path / name), size)

    [depth], features = network.outputs(pictures)
    tolerance = 1e-3 if size == (16, 16) else 1e-4
    assert_close(depth, expected, tolerance)
    for feature, other in zip(features, expected_features, strict=True):
        assert_close(feature, other, tolerance)
    if size == (16, 16):  # In the paper 63.6 million parameters.
        layers = reference.table.values()
        sizes = sum(part.size for layer in layers for part in layer.values())
        assert round(sizes / 1e6, 1) == 63.6


def test_the_first_compact_feature_map_by_hand():
    arrays, picture = read_shipped_weights(WEIGHTS), _pictures(1, 37, 50)
    around = (picture[0, 3:6, 7:10] - (123.68, 116.779, 103.939)) / 64
    hidden = np.einsum("hwc,hwcd->d", around, arrays["conv1_1/kernel"])
    hidden = np.maximum(hidden + arrays["conv1_1/bias"], 0)
    expected = hidden @ arrays["relu1_1/kernel"][0, 0]
    expected += arrays["relu1_1/bias"]

    cut = CompactPerceptual(["relu2_1", "relu1_1"])
    found = cut(picture)

    one = found["relu1_1"][0, 4, 8]
    np.testing.assert_allclose(one, expected, rtol=1e-3, atol=0.1)
    # No deeper than asked for, and nothing else.
    assert not any("conv3" in layer.name for layer in cut.body.layers)
    whole = CompactPerceptual()(picture)
    for name, features in found.items():
        assert_close(features, whole[name])


def test_size_changes_compact_depth_little():
    coarse = np.random.default_rng(0).uniform(0, 255, (1, 8, 8, 3))
    small, large = (
        CompactDepth()(keras.ops.image.resize(coarse.astype("f4"), size))
        for size in ((SIZE, SIZE), (480, 480))
    )
    assert np.corrcoef(np.ravel(small), np.ravel(large))[0, 1] > 0.95


@pytest.mark.parametrize(
    "kind, name, layer",
    [
        ("resnet50", "ResNet50", "conv2_block1_out"),
        ("efficientnetb0", "EfficientNetB0", "block1a_project_bn"),
    ],
)
def test_features_are_those_of_keras(kind, name, layer, tmp_path):
    keras.utils.set_random_seed(0)
    body = getattr(keras.applications, name)(include_top=False, weights=None)
    pictures, first = _pictures(1, 32, 48), body.input
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    if kind == "resnet50":
        prepared = keras.applications.resnet50.preprocess_input(pictures.copy())
    else:
        # As in the file that Keras ships.
        (normalization,) = (
            each
            for each in body.layers
            if isinstance(each, keras.layers.Normalization)
        )
        normalization.set_weights(
            [np.float32(mean), np.float32(deviation), np.int32(0)]
        )
        # What Keras has between its normalization and the first convolution
        # when it downloads ImageNet's weights, is missing in `body`.
        first = body.get_layer("stem_conv_pad").input
        prepared = (pictures / 255 - mean) / deviation
    body.save_weights(tmp_path / "random.weights.h5")
    theirs = keras.Model(first, body.get_layer(layer).output)

    network = KerasApplication(kind, {layer}, tmp_path / "random.weights.h5")
    found = network(pictures)

    assert [*found] == [layer] == [*network.layer_names]
    expected = theirs(prepared.astype("float32"), training=False)
    assert_close(found[layer], expected)
    # Cut off below, and no batch's statistics.
    assert network.count_params() < 0.05 * body.count_params()
    again = network(pictures, training=True)[layer]
    np.testing.assert_array_equal(again, found[layer])


class _Brightness(DepthEstimator):
    """The mean colour as depth, and features, some number of them."""

    def __init__(self, factor, count):
        super().__init__()
        self.factor, self.count = factor, count

    def outputs(self, pictures):
        depth = self.factor * keras.ops.mean(pictures, axis=-1)
        return [depth], [depth[..., None] + i for i in range(self.count)]


def test_an_ensemble_shows_the_maps_and_the_features_of_all():
    pictures = _pictures(2, 4, 5)
    ensemble = DepthEnsemble([_Brightness(1.0, 2), _Brightness(3.0, 0)])

    maps, features = ensemble.outputs(pictures)

    mean = pictures.mean(-1)
    for found, expected in zip(
        [*maps, *features],
        [mean, 3 * mean, mean[..., None], mean[..., None] + 1],
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_resizing_is_bilinear_between_centres():
    row = np.array([0.0, 4.0], "float32").reshape(1, 1, 2, 1)
    resized = resize_bilinear(row, (1, 4))
    np.testing.assert_allclose(np.ravel(resized), [0, 1, 3, 4])
    assert resize_bilinear(row, (1, 2)) is row
