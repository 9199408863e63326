import hashlib

import numpy as np
import pytest

from fast_depth_style.perception.shipped_weights import (
    FOLDER,
    read_shipped_weights,
    write_shipped_weights,
)
from fast_depth_style.requests import RequestError


@pytest.fixture
def folder(tmp_path):
    write_shipped_weights("one.npz", {"a": np.array([1.5, -2.0])}, tmp_path)
    return tmp_path


def test_what_is_written_is_read(folder):
    arrays = read_shipped_weights("one.npz", folder)
    assert list(arrays) == ["a"]
    assert arrays["a"].dtype == np.float32
    np.testing.assert_array_equal(arrays["a"], [1.5, -2.0])


def test_digests_are_what_sha256sum_writes_and_others_stay(folder):
    before = (folder / "SHA256SUMS").read_text()
    write_shipped_weights("two.npz", {"b": np.zeros(3)}, folder)
    write_shipped_weights("two.npz", {"b": np.ones(3)}, folder)
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    digest = hashlib.sha256((folder / "two.npz").read_bytes()).hexdigest()
    assert lines == [before.strip(), f"{digest}  two.npz"]


def test_a_missing_file_is_named(folder):
    with pytest.raises(RequestError, match="none.npz are missing") as error:
        read_shipped_weights("none.npz", folder)
    assert "\n" not in str(error.value)


def test_one_changed_byte_is_found(folder):
    path = folder / "one.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(RequestError, match="one.npz are damaged") as error:
        read_shipped_weights("one.npz", folder)
    assert "\n" not in str(error.value)


def test_a_file_without_a_digest_is_not_trusted(folder):
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(RequestError, match="one.npz"):
        read_shipped_weights("one.npz", folder)


def test_every_shipped_file_is_whole():
    names = sorted(path.name for path in FOLDER.glob("*.npz"))
    assert names
    for name in names:
        for key, values in read_shipped_weights(name).items():
            assert np.isfinite(values).all(), (name, key)
