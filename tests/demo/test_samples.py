import pytest

from fast_depth_style.demo.samples import write_samples
from fast_depth_style.images.files import list_pictures, read_rgb

pytest.importorskip("sklearn")


def test_a_painting_and_photos_are_written_once(tmp_path):
    painting, photos = write_samples(tmp_path / "samples")
    assert min(read_rgb(painting).shape[:2]) >= 256
    assert [path.name for path in list_pictures(photos)] == [
        "china.jpg",
        "flower.jpg",
    ]
    written = painting.stat().st_mtime_ns
    assert write_samples(tmp_path / "samples") == (painting, photos)
    assert painting.stat().st_mtime_ns == written
