import numpy as np

from fast_depth_style.images.files import read_rgb
from fast_depth_style.optimization.strip import Strip, kept_pictures


def test_pictures_of_every_scale_stand_in_a_row(tmp_path):
    photo = np.full((300, 20, 3), 9, np.uint8)
    strip = Strip(tmp_path, photo)

    strip.add(2, np.full((150, 10, 3), 100, np.uint8))
    strip.add(10, np.full((300, 20, 3), 200, np.uint8))

    kept = kept_pictures(tmp_path)
    assert [*kept] == [2, 10]
    assert all(p.shape == photo.shape for p in kept.values())
    sheet = read_rgb(tmp_path / "strip.png")
    assert sheet.shape == (256, 3 * 17 + 2 * 4, 3)
    assert [sheet[100, x, 0] for x in (8, 30, 50)] == [9, 100, 200]


def test_a_picture_of_one_pixel_has_its_strip(tmp_path):
    Strip(tmp_path, np.zeros((1, 1, 3), np.uint8)).add(
        1, np.zeros((1, 1, 3), np.uint8)
    )

    assert read_rgb(tmp_path / "strip.png").shape == (1, 6, 3)
