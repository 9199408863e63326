import os

import numpy as np
import pytest
from PIL import Image, ImageCms

from fast_depth_style.images.files import read_picture
from fast_depth_style.images.sequence import PictureSequence
from fast_depth_style.stylization import photos, tiles
from fast_depth_style.stylization.settings import StylizeSettings


def _pixels(height=24, width=40):
    ramp = np.linspace(0, 255, height * width * 3)
    return ramp.reshape(height, width, 3).astype(np.uint8)


def test_a_photo_keeps_alpha_profile_and_exif_upright(model, tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    alpha = np.arange(24 * 40, dtype=np.uint8).reshape(24, 40)
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was held upright: turn by 90 degrees.
    exif[0x0132] = "2020:02:20 20:20:20"
    source, target = tmp_path / "photo.png", tmp_path / "new" / "painted.png"
    Image.fromarray(np.dstack([_pixels(), alpha])).save(
        source, icc_profile=profile, exif=exif
    )
    assert photos.stylize_photo(model, source, target) == ""
    painted = read_picture(target)
    np.testing.assert_array_equal(painted.alpha, np.rot90(alpha, -1))
    assert painted.icc_profile == profile
    np.testing.assert_array_equal(
        painted.rgb, tiles.stylize(model, np.rot90(_pixels(), -1))
    )
    with Image.open(target) as image:
        assert dict(image.getexif()) == {0x0132: "2020:02:20 20:20:20"}
    photos.stylize_photo(model, source, target, strip=True)
    assert read_picture(target).exif is None


def test_arrays_and_pillow_images_come_back_as_they_are(model, small_model):
    expected = tiles.stylize(model, _pixels())
    painted = photos.stylize(_pixels(), str(small_model))
    np.testing.assert_array_equal(painted, expected)
    image = Image.fromarray(_pixels())
    image.putalpha(77)
    painted = photos.stylize(image, model)
    assert painted.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(painted)[..., :3], expected)
    np.testing.assert_array_equal(np.asarray(painted)[..., 3], 77)
    with pytest.raises(ValueError, match="uint8"):
        photos.stylize(_pixels() / 255, model)


def _frames(count=3):
    return [
        Image.fromarray(np.roll(_pixels(20, 24), 5 * n, 1))
        for n in range(count)
    ]


@pytest.mark.parametrize("source", ["gif", "webp", "png", "avif"])
@pytest.mark.parametrize("target", ["gif", "webp", "png"])
def test_an_animation_becomes_an_animation(model, tmp_path, source, target):
    first, *rest = _frames()
    first.save(
        tmp_path / f"a.{source}",
        save_all=True,
        append_images=rest,
        duration=[100, 250, 40],
        loop=0 if source == "avif" else 2,
    )
    path = tmp_path / f"b.{target}"
    said = photos.stylize_photo(
        model,
        tmp_path / f"a.{source}",
        path,
        settings=StylizeSettings(steady=False),
    )
    assert said == ""
    before = list(PictureSequence(tmp_path / f"a.{source}"))
    painted = PictureSequence(path)
    assert painted.animated and len(painted) == 3
    # GIF counts repetitions, others how often an animation is shown.
    plays = {"gif": 3, "avif": 0}.get(source, 2)
    assert painted.plays == plays
    for (new, shown), (old, milliseconds) in zip(painted, before, strict=True):
        assert shown == milliseconds
        expected = tiles.stylize(model, old.rgb).astype(float)
        error = {"gif": 20, "webp": 12, "png": 0}[target]
        assert np.abs(new.rgb - expected).mean() <= error


@pytest.mark.parametrize("source,what", [("gif", "frames"), ("tif", "pages")])
def test_a_still_of_several_pictures_is_said(model, tmp_path, source, what):
    first, *rest = _frames()
    first.save(tmp_path / f"a.{source}", save_all=True, append_images=rest)
    note = photos.stylize_photo(
        model, tmp_path / f"a.{source}", tmp_path / "b.jpg"
    )
    assert f"a.{source}: only the first of 3 {what} is painted" in note
    assert read_picture(tmp_path / "b.jpg").rgb.shape == (20, 24, 3)


def test_all_pages_of_a_tiff_are_painted(model, tmp_path):
    first, *rest = _frames()
    rest[0] = rest[0].resize((30, 17))
    first.save(tmp_path / "a.tif", save_all=True, append_images=rest)
    photos.stylize_photo(model, tmp_path / "a.tif", tmp_path / "b.tif")
    pages = [page for page, _ in PictureSequence(tmp_path / "b.tif")]
    for page, image in zip(pages, [first, *rest], strict=True):
        expected = tiles.stylize(model, np.asarray(image))
        np.testing.assert_array_equal(page.rgb, expected)


def test_one_bad_photo_or_target_does_not_stop_the_rest(model, tmp_path):
    targets = {}
    for name, target in (
        ("a", "a.png"),
        ("b", "b.png"),
        ("c", "file/c.png"),
        ("d", "d.png"),
        ("e", f"{'e' * 300}.png"),
        ("f", "f.png"),
    ):
        Image.fromarray(_pixels()).save(tmp_path / f"{name}.png")
        targets[tmp_path / f"{name}.png"] = tmp_path / "out" / target
    (tmp_path / "b.png").write_text("not a picture")
    (tmp_path / "out" / "d.png").mkdir(parents=True)
    (tmp_path / "out" / "file").touch()
    warnings, tracked = [], []
    counts = photos.stylize_photos(
        model,
        targets,
        warnings.append,
        lambda files: tracked.extend(files) or files,
    )
    assert counts == photos.Counts(stylized=2, unreadable=1, unwritten=3)
    assert tracked == list(targets) and len(warnings) == 4
    reasons = (
        "b.png: not a picture",
        "out/file: File exists",
        "Is a directory",
        "name too long",
    )
    for line, reason in zip(warnings, reasons, strict=True):
        assert reason in line and "\n" not in line
    left = sorted(os.listdir(tmp_path / "out"))
    assert left == ["a.png", "d.png", "f.png", "file"]
