import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.stylization import tiles


def _picture(height, width, seed=0):
    """Soft shapes that differ from one end of the picture to the other."""
    random = np.random.default_rng(seed)
    coarse = (
        random.uniform(0, 255, (1, 12, 9, 3))
        * np.linspace(0.2, 1, 9)[None, None, :, None]
    )
    picture = tf.image.resize(coarse, (height, width), method="bicubic")
    picture += random.normal(0, 8, picture.shape)
    return np.clip(picture[0], 0, 255).astype(np.uint8)


def _difference(one, other):
    assert one.shape == other.shape and one.dtype == other.dtype == np.uint8
    return np.abs(one.astype(int) - other.astype(int)).max()


@pytest.mark.parametrize("size", [(300, 411), (257, 512), (129, 130)])
def test_tiles_leave_no_seam(model, size):
    """With the same statistics, tiles are what the whole picture gives."""
    picture = _picture(*size)
    whole = tf.constant(picture[None])
    given = model.signatures["statistics"](images=whole)["statistics"]
    expected = model.signatures["tile"](image=whole, statistics=given)
    painted = tiles.stylize_in_tiles(model, picture, given, tile=128)
    expected = expected["stylized_image"].numpy()[0]
    assert _difference(painted, expected) <= 1
    # And that is the picture as it is stylized whole, at no tile's expense.
    assert _difference(painted, tiles.stylize(model, picture)) <= 1


def test_a_narrower_halo_would_leave_seams(model, monkeypatch):
    """The seam test can fail: the halo is what it rests on."""
    picture = _picture(300, 411)
    given = tiles.statistics(model, picture)
    exact = tiles.stylize_in_tiles(model, picture, given, tile=10_000)
    monkeypatch.setattr(tiles, "_HALO", 8)
    painted = tiles.stylize_in_tiles(model, picture, given, tile=128)
    assert _difference(painted, exact) > 1


def test_large_pictures_look_as_if_taken_whole(model, monkeypatch):
    picture = _picture(1000, 1300)
    whole = tiles.stylize(model, picture).astype(float)
    monkeypatch.setattr(tiles, "WHOLE_PIXELS", 800_000)
    monkeypatch.setattr(tiles, "SAMPLE_PIXELS", 800_000)
    tracked = []
    tiled = tiles.stylize(
        model, picture, lambda cuts: tracked.extend(cuts) or cuts
    )
    assert tracked and not np.array_equal(tiled, whole)
    psnr = 10 * np.log10(255**2 / np.mean((tiled - whole) ** 2))
    assert psnr > 35


def test_patches_in_groups_are_nearly_as_good_as_all_at_once(
    model, monkeypatch
):
    """In groups of a dozen far better than half as many patches."""
    picture = _picture(1000, 1300)
    found = []
    for pixels, at_once in ((8e5, 80), (8e5, 24), (4e5, 80)):
        monkeypatch.setattr(tiles, "SAMPLE_PIXELS", pixels)
        monkeypatch.setattr(tiles, "_AT_ONCE", at_once)
        found.append(tiles.statistics(model, picture))
    whole = np.sqrt(found[0][1])
    groups, fewer = (
        max(
            np.abs((mean - found[0][0]) / whole).max(),
            np.abs(np.sqrt(variance) / whole - 1).max(),
        )
        for mean, variance in found[1:]
    )
    assert 0 < groups < 0.6 * fewer


@pytest.mark.parametrize("size", [(1, 1), (3, 40), (15, 16), (16, 16), (17, 2)])
def test_tiny_pictures_keep_their_size(model, size):
    picture = np.resize(_picture(16, 40), (*size, 3))
    assert tiles.stylize(model, picture).shape == (*size, 3)


@pytest.mark.parametrize("size", [(5, 3000), (2000, 40)])
def test_a_large_picture_may_be_a_strip(model, monkeypatch, size):
    monkeypatch.setattr(tiles, "WHOLE_PIXELS", 10_000)
    monkeypatch.setattr(tiles, "SAMPLE_PIXELS", 100_000)
    strip = _picture(*size)
    painted = tiles.stylize(model, strip)
    assert painted.shape == strip.shape and painted.std() > 1
