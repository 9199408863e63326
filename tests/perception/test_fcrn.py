"""FCRN against its published description, computed in numpy."""

import io
import os
import pickle
import struct

import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.perception.fcrn import FCRN
from fast_depth_style.requests import RequestError


class _Reference:
    """The network as published, unfolded, in float64 numpy.

    It makes up random weights, by the published names, as it goes; `table` is
    what the published file would hold.
    """

    def __init__(self, unit):
        self.unit = unit
        self.table = {}
        self._rng = np.random.default_rng(0)

    def __call__(self, pictures):
        features = []
        x = self.conv(pictures.astype("float64"), "conv1", 7, 7, self.unit, 2)
        x = _max_pool(np.maximum(self.norm(x, "bn_conv1"), 0))
        width = self.unit
        for stage, blocks in zip("2345", (3, 4, 6, 3), strict=True):
            for block in "abcdef"[:blocks]:
                strides = 2 if block == "a" and stage != "2" else 1
                x = self.residual(x, f"{stage}{block}_branch", width, strides)
            features.append(x)
            width *= 2
        x = self.conv(x, "layer1", 1, 1, 16 * self.unit)
        x = self.norm(x, "layer1_BN")
        for up, channels in (("2x", 8), ("4x", 4), ("8x", 2), ("16x", 1)):
            x = self.up_projection(x, f"layer{up}", channels * self.unit)
            features.append(x)
        x = np.maximum(self.conv(x, "ConvPred", 3, 3, 1), 0)
        return x[..., 0], features

    def residual(self, x, key, width, strides):
        shortcut = x
        if key[1] == "a":
            shortcut = self.step(x, f"{key}1", 1, 4 * width, strides)
        y = np.maximum(self.step(x, f"{key}2a", 1, width, strides), 0)
        y = np.maximum(self.step(y, f"{key}2b", 3, width), 0)
        return np.maximum(shortcut + self.step(y, f"{key}2c", 1, 4 * width), 0)

    def step(self, x, key, side, channels, strides=1):
        x = self.conv(x, f"res{key}", side, side, channels, strides)
        return self.norm(x, f"bn{key}")

    def up_projection(self, x, key, channels):
        one = np.maximum(self.interleaved(x, f"{key}_br1", channels), 0)
        one = self.conv(one, f"{key}_Conv", 3, 3, channels)
        one = self.norm(one, f"{key}_BN")
        two = self.interleaved(x, f"{key}_br2", channels)
        return np.maximum(one + two, 0)

    def interleaved(self, x, key, channels):
        batch, height, width, _ = x.shape
        y = np.empty((batch, 2 * height, 2 * width, channels))
        y[:, 0::2, 0::2] = self.conv(x, f"{key}_ConvA", 3, 3, channels)
        y[:, 1::2, 0::2] = self.conv(x, f"{key}_ConvB", 2, 3, channels)
        y[:, 0::2, 1::2] = self.conv(x, f"{key}_ConvC", 3, 2, channels)
        y[:, 1::2, 1::2] = self.conv(x, f"{key}_ConvD", 2, 2, channels)
        return self.norm(y, f"{key}_BN")

    def conv(self, x, key, rows, columns, channels, strides=1):
        shape = (rows, columns, x.shape[-1], channels)
        scale = np.sqrt(2 / np.prod(shape[:3]))
        kernel = self._rng.standard_normal(shape, "float32") * scale
        kernel = kernel.astype("float32")
        if key == "ConvPred":
            kernel = abs(kernel)  # or the last ReLU leaves nothing to compare
        self.table[key] = {"weights": kernel}
        y = _correlate(x, kernel, strides)
        if not key.startswith("res"):
            bias = self._rng.uniform(0, 0.3, channels).astype("float32")
            self.table[key]["biases"] = bias
            y = y + bias
        return y

    def norm(self, x, key):
        channels = x.shape[-1]
        draw = self._rng.uniform
        part = self.table[key] = {
            "mean": draw(-0.5, 0.5, channels).astype("float32"),
            "variance": draw(0.5, 1.5, channels).astype("float32"),
            "scale": draw(0.5, 1.0, channels).astype("float32"),
            "offset": draw(-0.2, 0.2, channels).astype("float32"),
        }
        x = (x - part["mean"]) / np.sqrt(part["variance"] + 1e-4)
        return x * part["scale"] + part["offset"]


def _correlate(x, kernel, strides):
    """Zero padding: what a 3x3 window lacks of 2x3 is its last row, …."""
    rows, columns = kernel.shape[:2]
    before = {1: 0, 2: 1, 3: 1, 7: 3}
    after = {1: 0, 2: 0, 3: 1, 7: 3}
    height, width = x.shape[1:3]
    x = np.pad(
        x,
        (
            (0, 0),
            (before[rows], after[rows]),
            (before[columns], after[columns]),
            (0, 0),
        ),
    )
    y = 0.0
    for i in range(rows):
        for j in range(columns):
            part = x[:, i : i + height : strides, j : j + width : strides]
            y = y + part @ kernel[i, j]
    return y


def _max_pool(x):
    """3x3 windows, stride 2, TensorFlow's "same"."""
    batch, height, width, channels = x.shape
    out = [(n + 1) // 2 for n in (height, width)]
    pads = [
        max(0, (o - 1) * 2 + 3 - n)
        for o, n in zip(out, (height, width), strict=True)
    ]
    pads = [(p // 2, p - p // 2) for p in pads]
    x = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=-np.inf)
    parts = [
        x[:, i : i + 2 * out[0] - 1 : 2, j : j + 2 * out[1] - 1 : 2]
        for i in range(3)
        for j in range(3)
    ]
    return np.max(parts, axis=0)


def _save(path, table):
    np.save(path, table, allow_pickle=True)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A network of a sixteenth of the width: file, pictures, expectation."""
    reference = _Reference(unit=4)
    pictures = np.random.default_rng(1).uniform(0, 255, (2, 57, 76, 3))
    pictures = pictures.astype("float32")
    expected = reference(pictures)
    folder = tmp_path_factory.mktemp("fcrn")
    path = _save(folder / "small.npy", reference.table)
    return path, reference.table, pictures, expected


def test_map_and_features_match_numpy(small):
    path, _, pictures, (expected, expected_features) = small
    depth, features = FCRN(path, input_size=None).outputs(pictures)
    # 57x76, halved five times, rounded up: 2x3.
    assert expected.shape == (2, 32, 48)
    assert expected.std() > 0.1
    np.testing.assert_allclose(
        depth, expected, rtol=1e-4, atol=1e-4 * expected.max()
    )
    for feature, other in zip(features, expected_features, strict=True):
        np.testing.assert_allclose(
            feature, other, rtol=1e-4, atol=1e-4 * other.max()
        )


def test_is_frozen_and_resizes_to_what_it_was_trained_at(small):
    path, _, pictures, _ = small
    network = FCRN(path)
    assert not network.trainable_variables
    assert (network.quantity, network.is_metric) == ("depth", True)
    assert network(pictures).shape == (2, 128, 160)
    spec = [tf.TensorSpec((None, None, None, 3))]
    graph = tf.function(network.call, input_signature=spec)
    np.testing.assert_allclose(
        graph(pictures), network(pictures), rtol=1e-3, atol=1e-2
    )


@pytest.mark.slow
def test_published_layout_has_the_papers_63_6_million_parameters(tmp_path):
    reference = _Reference(unit=64)
    pictures = np.random.default_rng(2).uniform(0, 255, (1, 16, 16, 3))
    expected, _ = reference(pictures)
    count = sum(
        part.size
        for layer in reference.table.values()
        for part in layer.values()
    )
    assert round(count / 1e6, 1) == 63.6
    assert reference.table["layer2x_br1_ConvB"]["weights"].shape == (
        2,
        3,
        1024,
        512,
    )
    path = _save(tmp_path / "NYU_ResNet-UpProj.npy", reference.table)
    depth = FCRN(path, input_size=None)(pictures.astype("float32"))
    np.testing.assert_allclose(depth, expected, rtol=1e-3)


def test_gradient_matches_the_numerical_one(small):
    path, _, pictures, _ = small
    network = FCRN(path, input_size=(64, 96), dtype="float64")
    pictures = tf.constant(pictures[:1])

    @tf.function
    def loss(x):
        return tf.reduce_mean(network(x))

    with tf.GradientTape() as tape:
        tape.watch(pictures)
        value = loss(pictures)
    slope = tape.gradient(value, pictures)
    direction = slope / tf.norm(slope)
    step = 0.5
    numerical = (
        loss(pictures + step * direction) - loss(pictures - step * direction)
    ) / (2 * step)
    np.testing.assert_allclose(tf.norm(slope), numerical, rtol=0.03)


class _Hostile:
    def __reduce__(self):
        return os.mkdir, ("hostile",)


def test_wrong_files_are_named_in_one_line(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, table, _, _ = small

    def message(path):
        with pytest.raises(RequestError) as error:
            FCRN(path)
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "nothing.npy" in message(tmp_path / "nothing.npy")
    assert str(tmp_path) in message(tmp_path)
    text = tmp_path / "text.npy"
    text.write_text("not an array")
    assert "text.npy" in message(text)
    cut = tmp_path / "cut.npy"
    for length in (5, 100, 5000):
        cut.write_bytes(path.read_bytes()[:length])
        assert "cut.npy" in message(cut)
    array = tmp_path / "array.npy"
    np.save(array, np.zeros(3))
    assert "array.npy" in message(array)
    other = _save(tmp_path / "other.npy", {"fc": {"weights": np.zeros(3)}})
    assert "layer conv1 (weights) is missing" in message(other)

    hostile = _save(tmp_path / "hostile.npy", {"conv1": _Hostile()})
    assert "hostile.npy" in message(hostile)
    assert not (tmp_path / "hostile").exists()

    less = {key: dict(layer) for key, layer in table.items()}
    del less["res3b_branch2a"], less["layer8x_BN"]
    assert "layer res3b_branch2a (weights) is missing" in message(
        _save(tmp_path / "less.npy", less)
    )
    wide = {key: dict(layer) for key, layer in table.items()}
    wide["bn5c_branch2b"]["scale"] = np.zeros(7)
    assert "layer bn5c_branch2b (scale) has shape (7,), not (32,)" in message(
        _save(tmp_path / "wide.npy", wide)
    )


class _Python2Pickler(pickle._Pickler):
    """Writes str and bytes as Python 2 wrote its str."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        if isinstance(value, str):
            value = value.encode("latin1")
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)

    dispatch[bytes] = dispatch[str] = save_string


def test_reads_what_python_2_wrote(small, tmp_path):
    path, table, pictures, _ = small
    old = tmp_path / "old.npy"
    array = np.empty((), object)
    array[()] = table
    content = io.BytesIO()
    _Python2Pickler(content, protocol=2).dump(array)
    with open(old, "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        file.write(content.getvalue().replace(b"numpy._core", b"numpy.core"))
    one, other = (FCRN(p, input_size=None)(pictures) for p in (old, path))
    np.testing.assert_array_equal(one, other)
