"""Style files: one more style for a network that is there already."""

import os

import numpy as np
import pytest
from tiny_material import with_styles

from fast_depth_style.errors import RequestError
from fast_depth_style.exporting.style_file import add_styles, write_style

_PHOTO = np.random.default_rng(0).uniform(0, 255, (1, 32, 40, 3))
_PHOTO = _PHOTO.astype("float32")


def test_a_file_is_one_more_style(styled_network, tmp_path):
    learned = with_styles(styled_network, ["mine"])
    path = tmp_path / "mine.style"
    write_style(learned, "mine", path, {"painting": "mine.jpg"})

    network = add_styles(styled_network, [path])

    assert path.stat().st_size < 10_000
    assert network.styles == (*styled_network.styles, str(path))
    dials = np.float32([[0.5, 0.25]])
    for styles, other in (
        ([0, 0, 0, 1], learned.vectors(np.float32([[1]]), dials)),
        ([0, 1, 0, 0], styled_network.vectors(np.float32([[0, 1, 0]]), dials)),
    ):
        vectors = network.vectors(np.float32([styles]), dials)
        np.testing.assert_allclose(vectors, other, atol=5e-3)
        np.testing.assert_allclose(
            network(_PHOTO, vectors), learned(_PHOTO, other), atol=1
        )


def test_what_does_not_belong_is_refused(
    styled_network, small_network, tmp_path
):
    path = tmp_path / "mine.style"
    write_style(with_styles(styled_network, ["mine"]), "mine", path, {})
    other = with_styles(styled_network, ["a", "b"])
    other.paint.bias.assign_add([1.0, 0.0, 0.0])
    for network in (other, small_network):
        with pytest.raises(RequestError, match="belongs to another network"):
            add_styles(network, [path])
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(RequestError, match="not a style file"):
        add_styles(styled_network, [path])
    with pytest.raises(RequestError, match="no such style file"):
        add_styles(styled_network, [tmp_path / "none.style"])
    path.write_text("version https://git-lfs.github.com/spec/v1\noid 0\n")
    with pytest.raises(RequestError, match="run git lfs pull"):
        add_styles(styled_network, [path])
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RequestError, match="not a regular file"):
        add_styles(styled_network, [path])
