import numpy as np

from fast_depth_style.images import colors, oklab
from fast_depth_style.images.colors import match_colors, with_colors_of


def _picture(seed, spread):
    random = np.random.default_rng(seed)
    colors = random.normal(0, 1, (30, 40, 3)) @ np.array(spread).T
    return np.clip(colors + [120, 130, 110], 0, 255).astype(np.uint8)


_SPREAD = [[20, 4, 0], [0, 15, 3], [2, 0, 10]]
_OTHER = [[8, 0, 5], [6, 12, 0], [0, 3, 18]]


def test_mean_and_covariance_become_the_references():
    reference = _picture(1, _OTHER)

    found = match_colors(_picture(0, _SPREAD), reference)

    assert found.dtype == np.uint8 and found.shape == (30, 40, 3)
    made, goal = found.reshape(-1, 3), reference.reshape(-1, 3)
    np.testing.assert_allclose(made.mean(0), goal.mean(0), atol=0.3)
    np.testing.assert_allclose(np.cov(made.T), np.cov(goal.T), atol=4)


def test_a_pictures_own_colors_change_nothing():
    picture = _picture(0, _SPREAD)

    found = match_colors(picture, picture).astype(int)

    assert np.abs(found - picture).max() <= 1


def test_a_picture_of_one_color_takes_the_mean_and_gives_itself():
    flat, other = np.full((5, 5, 3), 30, np.uint8), _picture(1, _OTHER)

    found = match_colors(flat, other)

    mean = np.broadcast_to(other.reshape(-1, 3).mean(0), found.shape)
    np.testing.assert_allclose(found, mean, atol=1)
    assert (match_colors(other, flat) == 30).all()


def test_lightness_is_the_paintings_and_color_the_photos(monkeypatch):
    photo, painting = _picture(0, _SPREAD), _picture(1, _OTHER)

    made = with_colors_of(photo, painting)

    lab, of_photo, of_painting = map(oklab.from_srgb, (made, photo, painting))
    np.testing.assert_allclose(lab[..., 0], of_painting[..., 0], atol=0.01)
    np.testing.assert_allclose(lab[..., 1:], of_photo[..., 1:], atol=0.01)
    np.testing.assert_array_equal(with_colors_of(photo, photo), photo)
    monkeypatch.setattr(colors, "_BAND", 100)
    np.testing.assert_array_equal(with_colors_of(photo, painting), made)


def test_a_grey_photo_gives_a_grey_picture():
    grey = np.repeat(_picture(0, _SPREAD)[..., :1], 3, -1)

    made = with_colors_of(grey, _picture(1, _OTHER)).astype(int)

    assert (np.ptp(made, axis=-1) == 0).all() and made.std() > 5
