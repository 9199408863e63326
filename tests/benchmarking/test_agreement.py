import numpy as np
import pytest

from fast_depth_style.benchmarking.agreement import (
    DifferentFunctions,
    require_same_losses,
    require_same_pictures,
)

_PICTURES = np.random.default_rng(0).uniform(0, 255, (2, 8, 9, 3))


def _pictures(other, tolerance=0.255):
    require_same_pictures({"a": _PICTURES, "b": other}, "a", tolerance)


def test_pictures_within_the_tolerance_agree():
    _pictures(_PICTURES)
    _pictures(_PICTURES + 0.25)


def test_one_level_of_rounding_agrees():
    other = _PICTURES.copy()
    other[0, 0, 0, 0] += 1
    _pictures(other, tolerance=0.01)


@pytest.mark.parametrize(
    "other",
    [
        _PICTURES + 0.26,
        _PICTURES[:, ::-1],
        _PICTURES[:, :-1],
        np.where(np.arange(3) == 1, np.nan, _PICTURES),
    ],
    ids=["off", "upside_down", "smaller", "not_finite"],
)
def test_other_pictures_are_refused(other):
    with pytest.raises(DifferentFunctions, match="^b .*a"):
        _pictures(other)


def test_a_single_wrong_pixel_is_refused():
    other = _PICTURES.copy()
    other[1, 3, 3, 2] += 4
    with pytest.raises(DifferentFunctions, match="4 at most"):
        _pictures(other)


def _losses(*other):
    losses = {"a": np.array([4.0, 8.0]), "b": np.array(other)}
    require_same_losses(losses, "a", (0.01, 0.1))


def test_losses_within_their_tolerance_agree():
    _losses(4.03, 7.3)


@pytest.mark.parametrize(
    "other", [(4.1, 8.0), (4.0, 9.0), (4.0, 4.0), (4.0, np.nan)]
)
def test_other_losses_are_refused(other):
    with pytest.raises(DifferentFunctions, match="b and a do not train"):
        _losses(*other)
