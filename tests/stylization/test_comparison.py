"""Sheets: every picture is what stylizing makes, at its place."""

import dataclasses

import numpy as np

from fast_depth_style.runs.pictures import TITLE_GAP, TITLE_LINE
from fast_depth_style.stylization import comparison
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.painting import paint
from fast_depth_style.stylization.settings import StylizeSettings

_PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
_SETTINGS = StylizeSettings(stroke=1.0)


def _cell(sheet, row, column):
    line, gap = TITLE_LINE, TITLE_GAP
    top = row * (40 + line + gap) + line
    left = column * (60 + gap)
    return sheet[top : top + 40, left : left + 60]


def test_a_sheet_of_all_styles(styled_model):
    sheet = comparison.compare_styles(styled_model, _PHOTO, _SETTINGS, 60)

    np.testing.assert_array_equal(_cell(sheet, 0, 0), _PHOTO)
    chosen = dataclasses.replace(_SETTINGS, style="scream")
    painted = paint(load_styled(styled_model, chosen), _PHOTO, chosen)
    np.testing.assert_array_equal(_cell(sheet, 0, 3), painted)


def test_a_sheet_along_the_depth_dial_has_depth_maps(styled_model):
    sheet = comparison.compare_dial(
        styled_model, _PHOTO, "depth", _SETTINGS, 60
    )

    for column, value in ((1, 0.0), (5, 1.0)):
        chosen = dataclasses.replace(_SETTINGS, depth=value)
        painted = paint(load_styled(styled_model, chosen), _PHOTO, chosen)
        np.testing.assert_array_equal(_cell(sheet, 0, column), painted)
        grey = _cell(sheet, 1, column)
        np.testing.assert_array_equal(grey[..., 0], grey[..., 2])
        assert grey.std() > 5
    rows = comparison.compare_dial(
        styled_model, _PHOTO, "stroke", _SETTINGS, 60
    )
    assert 2 * rows.shape[0] == sheet.shape[0]
