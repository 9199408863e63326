import numpy as np
import pytest
from PIL import Image

from fast_depth_style.evaluation import photo_sets
from fast_depth_style.evaluation.photo_sets import Photo, UnusablePhoto
from fast_depth_style.requests import RequestError


def test_content_is_sorted_and_recursive(write_photos):
    folder = write_photos(["b.jpg", "a.png", "sub/c.jpg"])
    (folder / "notes.txt").write_text("no photo")
    found = photo_sets.content_photos(str(folder))
    assert [p.name for p in found.photos] == ["a.png", "b.jpg", "sub/c.jpg"]
    assert not found.measured


def test_limit_is_evenly_spread(write_photos):
    folder = write_photos([f"{n}.png" for n in range(9)])
    found = photo_sets.content_photos(str(folder), 3)
    assert [p.name for p in found.photos] == ["0.png", "3.png", "6.png"]
    assert len(photo_sets.content_photos(str(folder), 20).photos) == 9


def test_no_photos(tmp_path):
    with pytest.raises(RequestError, match="no photos"):
        photo_sets.content_photos(str(tmp_path))
    with pytest.raises(RequestError):
        photo_sets.content_photos(str(tmp_path / "missing"))
    with pytest.raises(RequestError):
        photo_sets.rgbd_photos(str(tmp_path))


def _write_depth(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)
    return path


def test_pairs_are_by_name_never_by_order(write_photos):
    folder = write_photos(
        ["rgb/0001.jpg", "rgb/0003.jpg", "rgb/0004.jpg", "rgb/0004.png"]
    )
    for name in ("0001", "0002", "0004"):
        _write_depth(folder / "depth" / f"{name}.png", np.ones((70, 90), "u1"))
    found = photo_sets.rgbd_photos(str(folder))
    assert [(p.name, p.path.stem, p.depth.stem) for p in found.photos] == [
        ("0001", "0001", "0001")
    ]
    assert found.measured
    assert [file for file, _ in found.skipped] == [
        "depth/0002.png",
        "rgb/0003.jpg",
        "rgb/0004.jpg",
        "rgb/0004.png",
        "depth/0004.png",
    ]
    assert found.skipped[0][1] == "0 photos and 1 depth maps of this name"


def test_no_pair(write_photos):
    folder = write_photos(["rgb/1.jpg"])
    _write_depth(folder / "depth" / "2.png", np.ones((70, 90), "u1"))
    with pytest.raises(RequestError, match="same name"):
        photo_sets.rgbd_photos(str(folder))


def test_photo_and_depth_are_cut_alike(tmp_path):
    # Each column has its own grey; depth is that grey too.
    columns = np.arange(60, dtype="uint8")[None] * np.ones((40, 1), "uint8") + 9
    path = tmp_path / "a.png"
    Image.fromarray(np.stack([columns] * 3, -1)).save(path)
    depth = _write_depth(tmp_path / "d.png", columns)
    rgb, metres = photo_sets.read_photo(Photo("a", path, depth), 20)
    assert rgb.shape == (20, 20, 3) and rgb.dtype == np.uint8
    assert metres.shape == (20, 20) and metres.dtype == np.float32
    inner = slice(2, -2)
    np.testing.assert_allclose(
        metres[inner, inner] * 25.5, rgb[inner, inner, 0], atol=1.01
    )


def test_metres_and_holes(tmp_path, write_photos):
    folder = write_photos(["a.jpg"], size=(64, 64))
    values = np.full((64, 64), 51, "uint8")
    values[:, :32] = 0
    depth = _write_depth(tmp_path / "d.png", values)
    _, metres = photo_sets.read_photo(Photo("a", folder / "a.jpg", depth), 64)
    assert np.isnan(metres[:, :32]).all()
    np.testing.assert_allclose(metres[:, 32:], 2.0)


def test_unusable_photos_say_why(tmp_path, write_photos):
    folder = write_photos(["a.jpg"])
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((folder / "a.jpg").read_bytes()[:200])
    with pytest.raises(UnusablePhoto):
        photo_sets.read_photo(Photo("broken", broken), 32)
    with pytest.raises(UnusablePhoto, match="no such file"):
        photo_sets.read_photo(Photo("gone", tmp_path / "gone.jpg"), 32)
    small = _write_depth(tmp_path / "small.png", np.ones((35, 45), "uint8"))
    deep = _write_depth(tmp_path / "deep.png", np.ones((70, 90), "uint16"))
    for depth, reason in (
        (small, "the depth map is 45x35, the photo 90x70"),
        (deep, "deep.png: not 8-bit grey"),
        (broken, "broken.jpg"),
        (tmp_path / "missing.png", "missing.png"),
    ):
        photo = Photo("a", folder / "a.jpg", depth)
        with pytest.raises(UnusablePhoto, match=reason):
            photo_sets.read_photo(photo, 32)
