import types

import numpy as np
import pytest
from PIL import Image

from fast_depth_style.training.preview import Preview, contact_sheet

_PHOTOS = np.stack(
    [np.full((8, 6, 3), value, "uint8") for value in (20, 100, 240)]
)


def _preview(folder, start, every):
    preview = Preview(folder, start, every, _PHOTOS)
    # A network that adds 30: to the last photo more than a byte holds.
    preview.set_model(types.SimpleNamespace(network=lambda x: x + 30.4))
    return preview


def test_pictures_are_laid_out_with_white_gaps():
    sheet = contact_sheet([_PHOTOS, _PHOTOS // 2])

    assert sheet.shape == (2 * 8 + 4, 3 * 6 + 2 * 4, 3)
    np.testing.assert_array_equal(sheet[:8, 10:16], _PHOTOS[1])
    np.testing.assert_array_equal(sheet[12:, 20:], _PHOTOS[2] // 2)
    assert (sheet[8:12] == 255).all() and (sheet[:, 6:10] == 255).all()


@pytest.mark.parametrize(
    "start, steps, expected", [(0, 11, [1, 5, 10, 11]), (8, 2, [10])]
)
def test_strips_come_first_last_and_every_so_many_steps(
    tmp_path, start, steps, expected
):
    preview = _preview(tmp_path / "previews", start, 5)
    for batch in range(steps):
        preview.on_train_batch_end(batch)
    preview.on_train_end()

    names = [f"step_{step:07d}.png" for step in expected]
    found = sorted(path.name for path in (tmp_path / "previews").iterdir())
    assert found == ["latest.png", *names]


def test_photos_stand_above_what_the_network_makes_of_them(tmp_path):
    _preview(tmp_path, 0, 1).on_train_batch_end(0)

    with Image.open(tmp_path / "latest.png") as image:
        strip = np.asarray(image)
    painted = [
        np.full_like(photo, value)
        for photo, value in zip(_PHOTOS, (50, 130, 255), strict=True)
    ]
    np.testing.assert_array_equal(strip, contact_sheet([_PHOTOS, painted]))
