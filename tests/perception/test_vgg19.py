"""VGG19 against plain numpy, and against Keras' own with real weights."""

import h5py
import keras
import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from fast_depth_style.perception.vgg19 import LAYERS, VGG19
from fast_depth_style.requests import RequestError

_NAMES = ("block1_conv1", "block1_conv2", "block2_conv1")


def _random_weights():
    random = np.random.default_rng(0)
    weights, inputs = {}, 3
    for name, outputs in zip(_NAMES, (64, 64, 128), strict=True):
        kernel = random.normal(0, (9 * inputs) ** -0.5, (3, 3, inputs, outputs))
        weights[name] = (
            kernel.astype("float32"),
            random.normal(0, 1, outputs).astype("float32"),
        )
        inputs = outputs
    return weights


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("vgg19") / "weights.npz"
    arrays = {}
    for name, (kernel, bias) in _random_weights().items():
        arrays |= {f"{name}/kernel": kernel, f"{name}/bias": bias}
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(1).uniform(0, 255, (2, 9, 12, 3)).astype("f4")


def _convolve(x, kernel, bias):
    """3x3 correlation with a border of zeros, then ReLU."""
    x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = sliding_window_view(x, (3, 3), axis=(1, 2))
    y = np.einsum("bhwcij,ijco->bhwo", windows, kernel, optimize=True) + bias
    return np.maximum(y, 0)


def _reference(pictures):
    weights = _random_weights()
    red, green, blue = np.moveaxis(pictures.astype("f8"), -1, 0)
    x = np.stack([blue - 103.939, green - 116.779, red - 123.68], -1)
    first = _convolve(x, *weights["block1_conv1"])
    second = _convolve(first, *weights["block1_conv2"])
    cut = second[:, :8]  # 9 rows make 4 pairs
    pooled = cut.reshape(2, 4, 2, 6, 2, 64).max((2, 4))
    third = _convolve(pooled, *weights["block2_conv1"])
    return {"relu1_1": first, "relu1_2": second, "relu2_1": third}


def test_features_are_those_of_the_formula(weights_file, pictures):
    network = VGG19(["relu2_1", "relu1_1", "relu1_2"], str(weights_file))
    features = network(pictures)

    assert list(features) == ["relu1_1", "relu1_2", "relu2_1"]
    for name, expected in _reference(pictures).items():
        np.testing.assert_allclose(
            features[name], expected, rtol=1e-4, atol=1e-3
        )


def test_average_pooling_halves_by_the_mean(weights_file, pictures):
    layers = ["relu1_2", "relu2_1"]
    features = VGG19(layers, str(weights_file), pooling="average")(pictures)

    whole = np.asarray(features["relu1_2"], "f8")[:, :8]
    pooled = whole.reshape(2, 4, 2, 6, 2, 64).mean((2, 4))
    np.testing.assert_allclose(
        features["relu2_1"],
        _convolve(pooled, *_random_weights()["block2_conv1"]),
        rtol=1e-4,
        atol=1e-3,
    )


def test_an_unknown_pooling_is_refused(weights_file):
    with pytest.raises(RequestError, match="'min': choose max or average"):
        VGG19(["relu1_1"], str(weights_file), pooling="min")


def test_it_is_no_deeper_than_asked_for_and_frozen(weights_file):
    network = VGG19(["relu1_2"], str(weights_file))

    assert network.layer_names == ("relu1_2",)
    assert [tuple(w.shape) for w in network.weights] == [
        (3, 3, 3, 64),
        (64,),
        (3, 3, 64, 64),
        (64,),
    ]
    assert not network.trainable_weights


def test_bfloat16_loses_little(weights_file, pictures):
    network = VGG19(["relu2_1"], str(weights_file), dtype="mixed_bfloat16")
    features = network(pictures)["relu2_1"]

    assert keras.backend.standardize_dtype(features.dtype) == "bfloat16"
    expected = _reference(pictures)["relu2_1"]
    error = np.asarray(features, "f4") - expected
    assert np.sqrt((error**2).mean() / (expected**2).mean()) < 0.01


@pytest.mark.parametrize("names", [("kernel:0", "bias:0"), ("W_1:0", "b_1:0")])
@pytest.mark.parametrize("suffix", ["h5", "hdf5"])
def test_keras_files_are_read(tmp_path, pictures, names, suffix):
    path = tmp_path / f"weights.{suffix}"
    with h5py.File(path, "w") as file:
        for layer, arrays in _random_weights().items():
            for name, array in zip(names, arrays, strict=True):
                file[f"{layer}/{layer}/{name}"] = array

    features = VGG19(["relu2_1"], str(path))(pictures)

    np.testing.assert_allclose(
        features["relu2_1"],
        _reference(pictures)["relu2_1"],
        rtol=1e-4,
        atol=1e-3,
    )


def test_it_has_the_layers_of_the_paper():
    assert len(LAYERS) == 16
    assert LAYERS[:3] == ("relu1_1", "relu1_2", "relu2_1")
    assert LAYERS[-1] == "relu5_4"


def test_an_unknown_layer_is_refused(weights_file):
    with pytest.raises(RequestError, match="no layer 'relu9_9'.* relu1_1, "):
        VGG19(["relu1_1", "relu9_9"], str(weights_file))


@pytest.mark.parametrize("suffix", ["npz", "h5"])
def test_a_file_that_ends_too_early_is_refused(tmp_path, weights_file, suffix):
    path = weights_file
    if suffix == "h5":
        path = tmp_path / "weights.h5"
        with h5py.File(path, "w") as file:
            for name, array in zip(
                ("k", "b"), _random_weights()[_NAMES[0]], strict=True
            ):
                file[f"{_NAMES[0]}/{name}"] = array

    with pytest.raises(RequestError, match="no weights for block.*shallower"):
        VGG19(["relu3_1"], str(path))


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "weights.npz"
    arrays = {
        "block1_conv1/kernel": np.zeros((3, 3, 3, 32), "float32"),
        "block1_conv1/bias": np.zeros(32, "float32"),
    }
    np.savez(path, **arrays)

    with pytest.raises(RequestError, match=r"has shape \(3, 3, 3, 32\)"):
        VGG19(["relu1_1"], str(path))


@pytest.mark.parametrize("data", [b"", b"not weights", b"PK\x03\x04broken"])
@pytest.mark.parametrize("name", ["weights.npz", "weights.h5"])
def test_an_unreadable_file_is_refused(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)

    with pytest.raises(RequestError, match="cannot read VGG19 weights"):
        VGG19(["relu1_1"], str(path))


def test_a_single_array_is_refused(tmp_path):
    path = tmp_path / "weights.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))

    with pytest.raises(RequestError, match="single array"):
        VGG19(["relu1_1"], str(path))


@pytest.mark.parametrize(
    "name, says", [("none.npz", "no VGG19 weight"), ("a.txt", "npz or .h5")]
)
def test_a_file_of_no_use_is_refused(tmp_path, name, says):
    (tmp_path / "a.txt").write_text("")

    with pytest.raises(RequestError, match=says):
        VGG19(["relu1_1"], str(tmp_path / name))


def test_real_features_are_those_of_keras_applications(assets):
    path = (
        assets / "weights" / "vgg19_imagenet_block1_conv1_to_block3_conv4.npz"
    )
    names = {"relu1_1": "block1_conv1", "relu3_4": "block3_conv4"}
    theirs = keras.applications.VGG19(
        include_top=False, weights=None, input_shape=(64, 48, 3)
    )
    with np.load(path) as file:
        for layer in theirs.layers:
            if f"{layer.name}/kernel" in file:
                layer.set_weights(
                    [file[f"{layer.name}/kernel"], file[f"{layer.name}/bias"]]
                )
    theirs = keras.Model(
        theirs.input,
        {ours: theirs.get_layer(name).output for ours, name in names.items()},
    )
    picture = np.random.default_rng(0).uniform(0, 255, (1, 64, 48, 3))
    picture = picture.astype("float32")

    features = VGG19([*names], str(path))(picture)

    prepared = keras.applications.vgg19.preprocess_input(picture.copy())
    for name, expected in theirs(prepared).items():
        np.testing.assert_allclose(
            features[name], expected, rtol=1e-3, atol=1e-2
        )
