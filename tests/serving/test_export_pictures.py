import numpy as np
import pytest
from PIL import Image

from fast_depth_style.requests import RequestError
from fast_depth_style.serving.export_pictures import export_pictures, fit


def test_photos_are_checked_with_or_calibrated_on(tmp_path):
    for i in range(30):
        Image.new("RGB", (40, 30), (i, 0, 0)).save(tmp_path / f"{i:02}.png")
    (tmp_path / "broken.jpg").write_text("not a picture")
    pictures = export_pictures(tmp_path)
    shades = [
        {int(picture[0, 0, 0]) for picture in group}
        for group in (pictures.checked, pictures.calibration)
    ]
    assert len(shades[0]) == 3 and len(shades[1]) == 16
    assert not shades[0] & shades[1]
    assert pictures.source == f"19 photos of {tmp_path.name}"


def test_one_photo_is_both(tmp_path):
    Image.new("RGB", (40, 30)).save(tmp_path / "one.png")
    pictures = export_pictures(tmp_path)
    assert pictures.checked == pictures.calibration


def test_a_folder_without_readable_photos_is_refused(tmp_path):
    (tmp_path / "broken.jpg").write_text("not a picture")
    with pytest.raises(RequestError, match="no photo in it"):
        export_pictures(tmp_path)


def test_there_are_samples_that_show_the_whole_range():
    pictures = export_pictures(None)
    assert len(pictures.checked) >= 2
    assert min(p.min() for p in pictures.calibration) == 0
    assert max(p.max() for p in pictures.calibration) == 255


@pytest.mark.parametrize("size", [(20, 20), (33, 57), (90, 31), (60, 80)])
def test_a_picture_is_scaled_to_cover_and_cut(size):
    ramp = np.linspace(0, 255, 80).astype(np.uint8)
    picture = np.broadcast_to(ramp[None, :, None], (60, 80, 3))
    fitted = fit(np.ascontiguousarray(picture), size)
    assert fitted.shape == (*size, 3)
    # The middle stays the middle.
    assert abs(int(fitted[:, size[1] // 2].mean()) - 128) <= 5
