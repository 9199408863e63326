"""Weight files: kinds that are read, and one line for each that is not."""

import hashlib
import io
import os
import pickle
import re
import struct

import h5py
import keras
import numpy as np
import numpy_networks
import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.perception import compact_depth, shipped_weights
from fast_depth_style.perception.compact_depth import CompactDepth
from fast_depth_style.perception.fast_depth import FastDepth
from fast_depth_style.perception.fcrn import FCRN
from fast_depth_style.perception.imagenet import VGG19
from fast_depth_style.perception.weight_files import (
    download,
    read_convolutions,
)

_KERNEL = np.arange(6, dtype="float32").reshape(1, 1, 2, 3)
_BIAS = np.float32([7, 8, 9])


@pytest.mark.parametrize(
    "name, bias, kernel",
    [
        ("a.npz", "fire/expand/bias", "fire/expand/kernel"),
        ("a.h5", "fire/expand/fire/expand/b:0", "fire/expand/fire/expand/k:0"),
        ("a.hdf5", "fire/expand/b_1:0", "fire/expand/W_1:0"),
        ("a.h5", "model_weights/fire/expand/b", "model_weights/fire/expand/k"),
        ("a.weights.h5", "layers/conv2d_3/vars/1", "layers/conv2d_3/vars/0"),
    ],
)
def test_every_kind_of_file_is_read(tmp_path, name, bias, kernel):
    path = tmp_path / name
    if path.suffix == ".npz":
        np.savez(path, **{bias: _BIAS, kernel: _KERNEL})
    else:
        with h5py.File(path, "w") as file:
            file[bias], file[kernel] = _BIAS, _KERNEL
            if name == "a.weights.h5":
                file["layers/conv2d_3/vars"].attrs["name"] = "fire/expand"

    found = read_convolutions(path, {"fire/expand": (1, 1, 2, 3)}, "Net")

    np.testing.assert_array_equal(found["fire/expand"][0], _KERNEL)
    np.testing.assert_array_equal(found["fire/expand"][1], _BIAS)


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5"])
def test_vgg19_as_keras_3_writes_it(tmp_path, name):
    x = inputs = keras.Input((None, None, 3))
    for layer in ("block1_conv1", "block1_conv2"):
        x = keras.layers.Conv2D(64, 3, padding="same", name=layer)(x)
    model = keras.Model(inputs, x)
    save = model.save_weights if "weights" in name else model.save
    save(tmp_path / name)

    network = VGG19(["relu1_2"], tmp_path / name)

    for one, other in zip(network.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def _message(make, *arguments):
    with pytest.raises(RequestError) as error:
        make(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def _read_net(path):
    return read_convolutions(path, {"conv": (3, 3, 2, 4)}, "Net")


def test_weights_of_another_network_are_named(tmp_path):
    path, missing = tmp_path / "a.npz", r"no weights of shape \(3, 3, 2, 4\)"
    np.savez(path, **{"conv/kernel": _KERNEL, "conv/bias": _BIAS})
    assert re.search(missing, _message(_read_net, path))
    np.savez(path, other=_KERNEL)
    assert re.search(f"{missing} for conv: ask", _message(_read_net, path))
    np.save(tmp_path / "a.npy", _KERNEL)
    (tmp_path / "a.npy").rename(path)
    assert "damaged or another kind" in _message(_read_net, path)
    assert "it is to be an .npz or .h5 file" in _message(_read_net, __file__)


def test_fast_depths_layers_are_checked(tmp_path):
    reference, path = numpy_networks.FastDepth(), tmp_path / "a.npz"
    reference.write(path)
    name = "09_DEPTHWISE_CONV_2D"
    for shape in ((3, 3, 7, 1), (3, 3, 6), ()):
        reference.arrays[f"{name}_w"] = np.zeros(shape, "float32")
        assert f"no {name}" in _message(FastDepth, reference.write(path))
    del reference.arrays[f"{name}_b"]
    assert f"no {name}" in _message(FastDepth, reference.write(path))


@pytest.fixture(scope="module")
def fcrn(tmp_path_factory):
    """A narrow FCRN."""
    reference = numpy_networks.FCRN()
    reference.write(tmp_path_factory.mktemp("fcrn") / "a.npy")
    return reference


class _Hostile:
    def __reduce__(self):
        return os.mkdir, ("hostile",)


def test_fcrns_layers_are_checked_and_nothing_is_run(
    fcrn, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.npy"

    def message(table):
        np.save(path, table, allow_pickle=True)
        return _message(FCRN, path)

    assert "is damaged or another kind" in message({"conv1": _Hostile()})
    assert not (tmp_path / "hostile").exists()
    assert "array, not a dict" in message(np.zeros(3))
    for wrong in ({"fc": {"a": 1}}, {"conv1": 7}):
        assert "damaged or another kind" in message(wrong)
    less = {k: v for k, v in fcrn.table.items() if k != "res3b_branch2a"}
    assert "no layer res3b_branch2a (weights) of" in message(less)
    wide = {**fcrn.table, "bn5c_branch2b": dict(fcrn.table["bn5c_branch2b"])}
    wide["bn5c_branch2b"]["scale"] = np.zeros(7)
    assert "no layer bn5c_branch2b (scale) of shape (32,)" in message(wide)


class _Python2Pickler(pickle._Pickler):
    """Writes str and bytes as Python 2 wrote its str."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        if isinstance(value, str):
            value = value.encode("latin1")
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)

    dispatch[bytes] = dispatch[str] = save_string


def test_fcrn_reads_what_python_2_wrote(fcrn, tmp_path):
    array = np.empty((), object)
    array[()] = fcrn.table
    content = io.BytesIO()
    _Python2Pickler(content, protocol=2).dump(array)
    with open(tmp_path / "old.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|O", "fortran_order": False, "shape": ()}
        )
        file.write(content.getvalue().replace(b"numpy._core", b"numpy.core"))

    networks = FCRN(tmp_path / "old.npy"), FCRN(fcrn.write(tmp_path / "a.npy"))

    one, other = (network.get_weights() for network in networks)
    for x, y in zip(one, other, strict=True):
        np.testing.assert_array_equal(x, y)


def test_a_download_that_fails_is_one_line(tmp_path):
    url = (tmp_path / "none.h5").as_uri()
    message = _message(download, url, "0" * 32, "ResNet50", "resnet50:FILE.h5")

    assert message.startswith("cannot download ResNet50's ImageNet weights")
    assert "check the network, or give resnet50:FILE.h5 (" in message


def test_shipped_weights_come_back_with_their_digest(tmp_path):
    write = shipped_weights.write_shipped_weights
    write("two.npz", {"b": np.zeros(3)}, tmp_path)
    before = (tmp_path / "SHA256SUMS").read_text()
    for _ in range(2):
        write("one.npz", {"a": np.array([1.5, -2.0])}, tmp_path)

    digest = hashlib.sha256((tmp_path / "one.npz").read_bytes()).hexdigest()
    sums = (tmp_path / "SHA256SUMS").read_text()
    assert sums == f"{digest}  one.npz\n{before}"
    arrays = shipped_weights.read_shipped_weights("one.npz", tmp_path)
    assert arrays["a"].dtype == np.float32 and [*arrays["a"]] == [1.5, -2.0]


def test_damaged_shipped_weights_are_named(tmp_path, monkeypatch):
    name, folder = compact_depth.WEIGHTS, shipped_weights.FOLDER
    content = (folder / name).read_bytes()
    sums = (folder / "SHA256SUMS").read_text()
    monkeypatch.setattr(
        compact_depth,
        "read_shipped_weights",
        lambda name: shipped_weights.read_shipped_weights(name, tmp_path),
    )
    assert "are missing" in _message(CompactDepth)
    (tmp_path / name).write_bytes(content)
    assert "are damaged" in _message(CompactDepth)  # It has no digest.
    (tmp_path / "SHA256SUMS").write_text(sums)
    CompactDepth()
    (tmp_path / name).write_bytes(content[:99] + b"\0" + content[100:])
    assert f"{name} are damaged" in _message(CompactDepth)
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\n")
    assert f"{name} are a git-LFS pointer" in _message(CompactDepth)
