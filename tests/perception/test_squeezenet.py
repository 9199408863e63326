"""SqueezeNet against plain numpy and scipy, with real weights too."""

import h5py
import numpy as np
import pytest
import scipy.signal
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

from fast_depth_style.perception.squeezenet import LAYERS, SqueezeNet
from fast_depth_style.requests import RequestError

_SHAPES = {
    "conv1": (3, 3, 3, 64),
    "fire2/squeeze1x1": (1, 1, 64, 16),
    "fire2/expand1x1": (1, 1, 16, 64),
    "fire2/expand3x3": (3, 3, 16, 64),
}


def _random_weights():
    random = np.random.default_rng(0)
    return {
        name: (
            random.normal(0, (2 / np.prod(shape[:3])) ** 0.5, shape),
            random.normal(0, 0.1, shape[-1]),
        )
        for name, shape in _SHAPES.items()
    }


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("squeezenet") / "weights.npz"
    arrays = {}
    for name, (kernel, bias) in _random_weights().items():
        arrays |= {f"{name}/kernel": kernel, f"{name}/bias": bias}
    np.savez(path, **{n: a.astype("f4") for n, a in arrays.items()})
    return str(path)


@pytest.fixture(scope="module")
def picture():
    random = np.random.default_rng(1)
    return random.uniform(0, 255, (1, 24, 31, 3)).astype("float32")


def _correlate(x, kernel, bias, mode):
    """ReLU of each output's sum of two-dimensional correlations, by scipy."""
    planes = [
        sum(
            scipy.signal.correlate2d(x[..., i], kernel[..., i, o], mode)
            for i in range(x.shape[-1])
        )
        for o in range(kernel.shape[-1])
    ]
    return np.maximum(np.stack(planes, -1) + bias, 0)


def _reference(picture, weights):
    """conv1 and fire2 of the paper's figure 2, for one picture."""
    x = picture[0, ..., ::-1].astype("f8") - (103.939, 116.779, 123.68)
    first = _correlate(x, *weights["conv1"], "valid")[::2, ::2]
    windows = sliding_window_view(first, (3, 3), axis=(0, 1))[::2, ::2]
    pooled = windows.max((-1, -2))
    squeezed = _correlate(pooled, *weights["fire2/squeeze1x1"], "same")
    expanded = [
        _correlate(squeezed, *weights[f"fire2/expand{size}"], "same")
        for size in ("1x1", "3x3")
    ]
    return {"conv1": first, "fire2": np.concatenate(expanded, -1)}


def _assert_close(features, expected):
    for name, wanted in expected.items():
        error = np.abs(np.asarray(features[name])[0] - wanted).max()
        assert error < 1e-4 * np.abs(wanted).max()


def test_features_are_those_of_scipy(weights_file, picture):
    features = SqueezeNet({"conv1", "fire2"}, weights_file)(picture)

    assert [*features] == ["conv1", "fire2"]
    _assert_close(features, _reference(picture, _random_weights()))


def test_it_is_no_deeper_than_asked_for_and_frozen(weights_file):
    network = SqueezeNet(["conv1"], weights_file)

    assert network.layer_names == ("conv1",)
    assert [tuple(w.shape) for w in network.weights] == [(3, 3, 3, 64), (64,)]
    assert not network.trainable_weights


def test_what_cannot_be_had_is_refused(weights_file):
    with pytest.raises(RequestError, match="no layer 'fire1': it has conv1, f"):
        SqueezeNet(["fire1"], weights_file)
    with pytest.raises(RequestError, match="no weights for fire3/squeeze1x1"):
        SqueezeNet(["fire3"], weights_file)


def test_a_picture_that_is_too_small_is_refused(weights_file):
    network = SqueezeNet(["fire2"], weights_file)

    assert network(np.zeros((1, 7, 9, 3), "f4"))["fire2"].shape[1:3] == (1, 1)
    with pytest.raises(
        RequestError, match="fire2 needs pictures of at least 7"
    ):
        network(np.zeros((1, 6, 9, 3), "f4"))


@pytest.fixture(scope="module")
def real_file(assets):
    return str(assets / "weights" / "squeezenet_v1.1_imagenet_notop.h5")


def test_the_real_network_uses_every_weight_of_its_file(real_file):
    network = SqueezeNet([LAYERS[-1]], real_file)

    # Iandola et al. say 1,235,496 with the classifier's 513,000.
    assert network.count_params() == 722_496
    with h5py.File(real_file) as file:
        sizes = []
        file.visititems(lambda _, i: sizes.append(getattr(i, "size", 0)))
    assert sum(sizes) == 722_496


def test_real_features_are_those_of_scipy(real_file, picture):
    weights = {}
    with h5py.File(real_file) as file:
        for name in _SHAPES:
            found = []
            file[name].visititems(lambda _, i, f=found: f.append(i))
            arrays = [i[()] for i in found if isinstance(i, h5py.Dataset)]
            weights[name] = sorted(arrays, key=np.ndim, reverse=True)

    features = SqueezeNet(["conv1", "fire2"], real_file)(picture)

    _assert_close(features, _reference(picture, weights))


def test_strides_and_gradient_of_the_real_network(real_file):
    network = SqueezeNet(LAYERS, real_file)
    random = np.random.default_rng(0)
    pictures = tf.constant(random.uniform(0, 255, (1, 63, 95, 3)), tf.float32)

    with tf.GradientTape() as tape:
        tape.watch(pictures)
        features = network(pictures)
        loss = tf.reduce_sum(features["fire9"])
    gradient = tape.gradient(loss, pictures).numpy()

    assert {n: tuple(f.shape[1:]) for n, f in features.items()} == {
        "conv1": (31, 47, 64),
        "fire2": (15, 23, 128),
        "fire3": (15, 23, 128),
        "fire4": (7, 11, 256),
        "fire5": (7, 11, 256),
        "fire6": (3, 5, 384),
        "fire7": (3, 5, 384),
        "fire8": (3, 5, 512),
        "fire9": (3, 5, 512),
    }
    assert np.isfinite(gradient).all() and gradient.any()
