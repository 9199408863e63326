import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from fast_depth_style.images.files import UnreadablePicture, read_picture
from fast_depth_style.stylization import photos, tiles


def _pixels(height=24, width=40):
    ramp = np.linspace(0, 255, height * width * 3)
    return ramp.reshape(height, width, 3).astype(np.uint8)


def test_a_photo_keeps_alpha_and_profile(model, tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    alpha = np.arange(24 * 40, dtype=np.uint8).reshape(24, 40)
    source, target = tmp_path / "photo.png", tmp_path / "new" / "painted.png"
    Image.fromarray(np.dstack([_pixels(), alpha])).save(
        source, icc_profile=profile
    )
    photos.stylize_photo(model, source, target)
    painted = read_picture(target)
    np.testing.assert_array_equal(painted.alpha, alpha)
    assert painted.icc_profile == profile
    np.testing.assert_array_equal(painted.rgb, tiles.stylize(model, _pixels()))


def test_a_photo_is_painted_upright(model, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was held upright: turn by 90 degrees.
    data = io.BytesIO()
    Image.fromarray(_pixels()).save(data, "PNG", exif=exif)
    (tmp_path / "photo.png").write_bytes(data.getvalue())
    target = tmp_path / "painted.png"
    photos.stylize_photo(model, tmp_path / "photo.png", target)
    turned = np.rot90(_pixels(), -1)
    np.testing.assert_array_equal(
        read_picture(target).rgb, tiles.stylize(model, turned)
    )


def test_one_bad_photo_does_not_stop_the_rest(model, tmp_path):
    plan = {}
    for name in ("a.png", "b.png", "c.png"):
        Image.fromarray(_pixels()).save(tmp_path / name)
        plan[tmp_path / name] = tmp_path / "out" / name
    (tmp_path / "b.png").write_text("not a picture")
    warnings, tracked = [], []
    stylized = photos.stylize_photos(
        model,
        plan,
        warnings.append,
        lambda files: tracked.extend(files) or files,
    )
    assert stylized == 2 and tracked == list(plan)
    assert len(warnings) == 1 and "b.png: not a picture" in warnings[0]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "a.png",
        "c.png",
    ]


def test_an_unreadable_photo_leaves_nothing(model, tmp_path):
    (tmp_path / "a.jpg").write_text("not a picture")
    with pytest.raises(UnreadablePicture):
        photos.stylize_photo(
            model, tmp_path / "a.jpg", tmp_path / "o" / "a.jpg"
        )
    assert not (tmp_path / "o").exists()
