import numpy as np
import pytest
from PIL import Image

from fast_depth_style.errors import RequestError
from fast_depth_style.evaluation import photo_sets
from fast_depth_style.evaluation.photo_sets import Photo, UnusablePhoto


@pytest.fixture
def write_depth(tmp_path):
    def write(name, values):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(path)
        return path

    return write


def test_nearest_keeps_holes():
    values = np.arange(16.0).reshape(4, 4)
    found = photo_sets.nearest(values, (2, 2))
    np.testing.assert_array_equal(found, [[5, 7], [13, 15]])
    np.testing.assert_array_equal(photo_sets.nearest(values, (4, 4)), values)
    values[1, 1] = np.nan
    assert np.isnan(photo_sets.nearest(values, (2, 2))).sum() == 1


@pytest.mark.parametrize(
    "limit, expected",
    [
        (0, "a.png b.jpg c.png d.png e.png sub/f.jpg"),
        (2, "a.png d.png"),
        (3, "a.png c.png e.png"),
        (9, "a.png b.jpg c.png d.png e.png sub/f.jpg"),
    ],
)
def test_content_is_sorted_recursive_and_spread(write_photos, limit, expected):
    names = "b.jpg a.png c.png sub/f.jpg e.png d.png".split()
    folder = write_photos(names)
    (folder / "notes.txt").write_text("no photo")
    (folder / "sub" / "clip.mp4").write_bytes(b"no photo")
    found = photo_sets.content_photos(folder, limit)
    assert [p.name for p in found.photos] == expected.split()
    assert not found.measured
    # What looks like a picture or a video is named.
    ((file, reason),) = found.skipped
    assert file == "sub/clip.mp4" and "a video" in reason


def test_no_photos(tmp_path, write_photos, write_depth):
    with pytest.raises(RequestError, match="holds no photos: .* folder$"):
        photo_sets.content_photos(tmp_path)
    (tmp_path / "a.jxl").write_bytes(b"")
    with pytest.raises(RequestError, match="holds no photos.*a.jxl: JPEG XL"):
        photo_sets.content_photos(tmp_path)
    for find in (photo_sets.content_photos, photo_sets.rgbd_photos):
        with pytest.raises(RequestError, match="no such folder"):
            find(tmp_path / "missing")
    folder = write_photos(["rgb/1.jpg"], "rooms")
    write_depth("rooms/depth/2.png", np.ones((70, 90), "u1"))
    with pytest.raises(RequestError, match="same name"):
        photo_sets.rgbd_photos(folder)


def test_pairs_are_by_name_never_by_order(write_photos, write_depth):
    folder = write_photos(
        "rgb/1.jpg rgb/3.jpg rgb/4.jpg rgb/4.png".split(), "rooms"
    )
    (folder / "rgb" / "5.mp4").write_bytes(b"")
    for name in "124":
        write_depth(f"rooms/depth/{name}.png", np.ones((70, 90), "u1"))
    found = photo_sets.rgbd_photos(folder)
    (pair,) = found.photos
    assert [pair.name, pair.path.name, pair.depth.name] == [
        *("1", "1.jpg", "1.png")
    ]
    assert found.measured
    files = "rgb/5.mp4 depth/2.png rgb/3.jpg rgb/4.jpg rgb/4.png depth/4.png"
    assert [file for file, _ in found.skipped] == files.split()
    assert found.skipped[1][1] == "0 photos and 1 depth maps so named"


def test_photo_and_depth_are_cut_alike(write_depth):
    # Each column has its own grey; depth is that grey too.
    columns = np.arange(60, dtype="uint8")[None] * np.ones((40, 1), "uint8") + 9
    path = write_depth("a.png", np.stack([columns] * 3, -1))
    depth = write_depth("d.png", columns)
    rgb, metres = photo_sets.read_photo(Photo("a", path, depth), 20)
    assert rgb.shape == (20, 20, 3) and rgb.dtype == np.uint8
    assert metres.shape == (20, 20) and metres.dtype == np.float32
    inner = slice(2, -2)
    np.testing.assert_allclose(
        metres[inner, inner] * 25.5, rgb[inner, inner, 0], atol=1.01
    )


def test_metres_and_holes(write_photos, write_depth):
    folder = write_photos(["a.jpg"], size=(64, 64))
    values = np.full((64, 64), 51, "uint8")
    values[:, :32] = 0
    photo = Photo("a", folder / "a.jpg", write_depth("d.png", values))
    _, metres = photo_sets.read_photo(photo, 64)
    assert np.isnan(metres[:, :32]).all()
    np.testing.assert_allclose(metres[:, 32:], 2.0)


@pytest.mark.parametrize(
    "photo, depth, reason",
    [
        ("broken.jpg", None, "broken.jpg"),
        ("gone.jpg", None, "no such file"),
        ("a.jpg", "small.png", "the depth map is 45x35, the photo 90x70"),
        ("a.jpg", "deep.png", "deep.png: not 8-bit grey"),
        ("a.jpg", "broken.jpg", "broken.jpg"),
        ("a.jpg", "gone.png", "gone.png"),
    ],
)
def test_unusable_photos_say_why(
    write_photos, write_depth, photo, depth, reason
):
    folder = write_photos(["a.jpg"])
    whole = (folder / "a.jpg").read_bytes()
    (folder / "broken.jpg").write_bytes(whole[:200])
    write_depth("content/small.png", np.ones((35, 45), "uint8"))
    write_depth("content/deep.png", np.ones((70, 90), "uint16"))
    with pytest.raises(UnusablePhoto, match=reason):
        photo_sets.read_photo(
            Photo("a", folder / photo, depth and folder / depth), 32
        )
