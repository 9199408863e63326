"""Colour distance and stroke power against independent computations."""

import numpy as np
import pytest
from scipy import stats

from fast_depth_style.evaluation import colour_metrics, stroke_metrics


def _colour_distance(first, second):
    return colour_metrics.distance(
        *map(colour_metrics.colour_distributions, (first, second))
    )


@pytest.mark.parametrize(
    "rgb, lab",
    [
        ((255, 255, 255), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((119, 119, 119), (50.03, 0, 0)),
        # Published values, D65.
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
    ],
)
def test_lab_of_known_colours(rgb, lab):
    found = colour_metrics.to_lab(np.array(rgb, "uint8"))
    np.testing.assert_allclose(found, lab, atol=0.02)


def test_colour_distance_against_sorted_projections(rgb):
    other = np.random.default_rng(0).integers(0, 256, (50, 60, 3), "uint8")
    directions = np.random.default_rng(colour_metrics.SEED).normal(size=(3, 64))
    directions /= np.linalg.norm(directions, axis=0)
    expected = np.mean(
        [
            stats.wasserstein_distance(
                colour_metrics.to_lab(rgb).reshape(-1, 3) @ direction,
                colour_metrics.to_lab(other).reshape(-1, 3) @ direction,
            )
            for direction in directions.T
        ]
    )
    assert _colour_distance(rgb, other) == pytest.approx(expected, abs=0.1)


def test_colour_distance_is_half_a_shift_and_blind_to_place(rgb):
    assert _colour_distance(rgb, rgb[::-1, ::-1]) == 0
    grey, lighter = (np.full((9, 9, 3), n, "uint8") for n in (119, 145))
    moved = colour_metrics.to_lab(lighter) - colour_metrics.to_lab(grey)
    expected = np.linalg.norm(moved[0, 0]) / 2
    assert _colour_distance(grey, lighter) == pytest.approx(expected, rel=0.1)


def test_the_painting_has_its_own_colours(measure, make_context, rgb):
    context = make_context()
    photo = np.zeros_like(context.painting)
    found = measure(
        colour_metrics, context, photo, context.painting, rgb[:48, :40]
    )
    assert found[0]["colour.distance"] == 0 < found[1]["colour.distance"]


@pytest.mark.parametrize(
    "wavelength, least, most",
    [
        (4, 0, 0.001),
        (8, 0, 0.03),
        (12, 0.5, 0.6),
        (17, 0.99, 1.01),
        (24, 0.6, 0.75),
        (64, 0.02, 0.04),
        (128, 0, 0.003),
    ],
)
def test_strokes_of_known_length_and_power(wavelength, least, most):
    wave = 40 * np.sin(2 * np.pi * np.arange(256) / wavelength)
    stripes = np.rint(128 + wave[None, :, None] * np.ones((256, 1, 3)))
    region = np.zeros((256, 256), bool)
    region[48:-48, 64:-64] = True  # Whole waves, but for the longest.
    power = stroke_metrics.stroke_power(stripes.astype("uint8"), region)
    assert least <= power / (40**2 / 2) <= most
    u = (12 * 24) / wavelength**2
    expected = 40**2 / 2 * (u * np.exp(1 - u)) ** 2
    assert power == pytest.approx(expected, rel=0.15, abs=0.1)


def test_strokes_against_fourier_transform(rgb):
    # Tiled, so that the mirrored edges of the one and the wrapped ones of the
    # other are far away.
    tile = np.concatenate([rgb, rgb[::-1]])
    tile = np.concatenate([tile, tile[:, ::-1]], axis=1)
    values = tile @ np.array([0.299, 0.587, 0.114])
    y, x = (np.fft.fftfreq(n)[:, None] for n in values.shape)
    u = 12 * 24 * (y**2 + x.T**2)
    band = np.fft.ifft2(np.fft.fft2(values) * u * np.exp(1 - u)).real
    region = np.random.default_rng(0).uniform(size=values.shape) < 0.3
    found = stroke_metrics.stroke_power(tile, region)
    assert found == pytest.approx(np.mean(band[region] ** 2), rel=0.01)


def test_even_region(measure, make_context):
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (80, 100, 3), "uint8")
    photo[:, :40] = random.integers(100, 104, (80, 40, 3), "uint8")
    even = stroke_metrics.even_region(photo)
    assert even[12:-12, 12:28].all() and not even[:, 40:].any()
    # Against a window cut out by hand.
    values = photo @ np.array([0.299, 0.587, 0.114])
    for row, column in ((30, 20), (40, 27), (40, 33), (40, 60)):
        window = values[row - 12 : row + 13, column - 12 : column + 13]
        assert even[row, column] == (window.std() <= 5)
    (found,) = measure(stroke_metrics, make_context(), photo, photo)
    assert found["strokes.even"] > 0
    rough = photo[:, 60:]
    (found,) = measure(stroke_metrics, make_context(), rough, rough)
    assert np.isnan(found["strokes.even"])
