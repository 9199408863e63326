import numpy as np
import pytest

from fast_depth_style.images import oklab

_LEVELS = np.append(np.arange(0, 255, 8), 255)
_ALL = np.stack(np.meshgrid(*[_LEVELS] * 3), -1).astype(np.uint8)


@pytest.mark.parametrize(
    "rgb, lab",  # As the CSS Color 4 specification gives them.
    [
        ((255, 0, 0), (0.62796, 0.22486, 0.12585)),
        ((0, 255, 0), (0.86644, -0.23389, 0.17950)),
        ((0, 0, 255), (0.45201, -0.03246, -0.31153)),
        ((255, 255, 255), (1, 0, 0)),
    ],
)
def test_known_colors(rgb, lab):
    found = oklab.from_srgb(np.array(rgb, np.uint8))

    np.testing.assert_allclose(found, lab, atol=1e-4)


def test_there_and_back_changes_nothing():
    np.testing.assert_array_equal(oklab.to_srgb(oklab.from_srgb(_ALL)), _ALL)


def test_greys_have_no_color_exactly():
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
    lab = oklab.from_srgb(greys)

    assert (lab[:, 1:] == 0).all() and (np.diff(lab[:, 0]) > 0).all()
    between = np.zeros((5000, 3), np.float32)
    between[:, 0] = np.linspace(0, 1, 5000)
    assert (np.ptp(oklab.to_srgb(between).astype(int), axis=1) == 0).all()


def test_what_srgb_has_not_keeps_lightness_and_hue():
    random = np.random.default_rng(0)
    wanted = oklab.from_srgb(_ALL.reshape(-1, 3))
    wanted[:, 0] = random.permutation(wanted[:, 0])

    rgb = oklab.to_srgb(wanted)
    found = oklab.from_srgb(rgb)

    assert np.abs(found[:, 0] - wanted[:, 0]).max() < 0.01
    chroma, kept = (np.hypot(*lab[:, 1:].T) for lab in (wanted, found))
    assert (kept < chroma + 0.01).all()
    # Of near-greys and near-blacks the hue is rounding.
    colored = (kept > 0.05) & (found[:, 0] > 0.2)
    angles = [np.arctan2(lab[:, 2], lab[:, 1]) for lab in (wanted, found)]
    turned = np.abs(np.angle(np.exp(1j * (angles[0] - angles[1]))))
    assert np.degrees(turned[colored]).max() < 3
    # It keeps as much chroma as there is: it lies at the rim of what is.
    cut = kept < chroma - 0.02
    assert 0.2 < cut.mean() < 0.8
    at_rim = (rgb[cut].min(1) <= 6) | (rgb[cut].max(1) >= 254)
    assert at_rim.all()
