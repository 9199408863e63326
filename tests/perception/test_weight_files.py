"""What reading a file of VGG19 tests is not tested again here."""

import h5py
import numpy as np
import pytest

from fast_depth_style.perception.weight_files import (
    download_application,
    read_convolutions,
)
from fast_depth_style.requests import RequestError

_SHAPES = {"fire/expand": (1, 1, 2, 3)}


@pytest.mark.parametrize("suffix", ["npz", "h5"])
def test_names_may_lie_in_groups(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    kernel = np.arange(6, dtype="float32").reshape(1, 1, 2, 3)
    bias = np.float32([7, 8, 9])
    if suffix == "npz":
        np.savez(
            path, **{"fire/expand/kernel": kernel, "fire/expand/bias": bias}
        )
    else:
        with h5py.File(path, "w") as file:
            file["fire/expand/fire/expand_3/bias:0"] = bias
            file["fire/expand/fire/expand_3/kernel:0"] = kernel

    found = read_convolutions(path, _SHAPES, "Net")

    assert [*found] == ["fire/expand"]
    np.testing.assert_array_equal(found["fire/expand"][0], kernel)
    np.testing.assert_array_equal(found["fire/expand"][1], bias)


def test_the_network_is_named(tmp_path):
    with pytest.raises(RequestError, match="no Net weight file at .*none.h5"):
        read_convolutions(tmp_path / "none.h5", _SHAPES, "Net")
    np.savez(
        tmp_path / "a.npz",
        **{"fire/expand/kernel": np.zeros(3), "fire/expand/bias": np.zeros(3)},
    )
    with pytest.raises(RequestError, match="give a Net weight file"):
        read_convolutions(tmp_path / "a.npz", _SHAPES, "Net")


def test_a_download_that_fails_is_one_line(monkeypatch):
    def fail(**options):
        assert options == {"include_top": False, "weights": "imagenet"}
        raise Exception("URL fetch\n failure")

    monkeypatch.setattr("keras.applications.ResNet50", fail)

    with pytest.raises(RequestError) as error:
        download_application("ResNet50", "resnet50:FILE.h5")
    assert str(error.value) == (
        "cannot download ResNet50's ImageNet weights: connect once, or give"
        " resnet50:FILE.h5 (URL fetch failure)"
    )
