import numpy as np

from fast_depth_style.losses import pixels


def _pictures():
    generator = np.random.default_rng(0)
    return generator.uniform(-60, 320, (2, 5, 7, 3)).astype("float32")


def test_squared_difference():
    pictures = _pictures()
    targets = pictures[::-1]
    expected = np.mean(np.square(pictures.astype(float) - targets))
    np.testing.assert_allclose(
        pixels.squared_difference(pictures, targets), expected, rtol=1e-5
    )
    assert float(pixels.squared_difference(pictures, pictures)) == 0


def test_total_variation():
    pictures = _pictures()
    vertical, horizontal = [], []
    for n, i, j, c in np.ndindex(pictures.shape):
        here = float(pictures[n, i, j, c])
        if i + 1 < pictures.shape[1]:
            vertical.append((pictures[n, i + 1, j, c] - here) ** 2)
        if j + 1 < pictures.shape[2]:
            horizontal.append((pictures[n, i, j + 1, c] - here) ** 2)
    np.testing.assert_allclose(
        pixels.total_variation(pictures),
        np.mean(vertical) + np.mean(horizontal),
        rtol=1e-5,
    )


def test_total_variation_by_hand():
    # Vertical differences 2, 2; horizontal 1, 1.
    picture = np.array([[0.0, 1.0], [2.0, 3.0]], "float32")[None, ..., None]
    assert float(pixels.total_variation(picture)) == 4 + 1
    assert float(pixels.total_variation(0 * picture + 7)) == 0


def test_lattice_is_the_variance_of_the_mean_block():
    random = np.random.default_rng(2)
    pictures = random.uniform(0, 255, (2, 50, 71, 3)).astype("float32")
    variances = [
        np.var(
            np.mean(
                [
                    window[i : i + 4, j : j + 4]
                    for i in range(0, 24, 4)
                    for j in range(0, 24, 4)
                ],
                axis=0,
            ),
            axis=(0, 1),
        )
        for picture in pictures.astype(float)
        for window in (
            picture[i : i + 24, j : j + 24] for i in (0, 24) for j in (0, 24)
        )
    ]
    np.testing.assert_allclose(
        pixels.lattice(pictures), np.mean(variances), rtol=1e-4
    )


def test_lattice_sees_a_checkerboard_and_neither_slopes_nor_strokes():
    rows, columns = np.indices((48, 48)).astype("float32")
    board = 20 * ((rows // 2 + columns // 2) % 2)
    strokes = 20 * np.sin(rows * 2 * np.pi / 11 + columns)
    for texture, expected in ((board, 100.0), (strokes, 0.0)):
        picture = np.repeat((90 + texture)[None, ..., None], 3, -1)
        assert abs(float(pixels.lattice(picture)) - expected) < 1.5
    slope = np.repeat((2 * rows)[None, ..., None], 3, -1)
    # Two grey levels a pixel are 0, 2, 4, 6 within a block.
    assert float(pixels.lattice(slope)) == 5


def test_border_is_the_power_of_the_bands_along_the_edges():
    random = np.random.default_rng(4)
    photos, pictures = random.uniform(0, 255, (2, 2, 9, 8, 3)).astype("float32")
    powers = []
    for change in (pictures.astype(float) - photos).transpose(0, 3, 1, 2):
        for channel in change:
            for turns in range(4):
                rows = np.rot90(channel, turns)
                band = abs(rows[:3].mean() - rows[3:6].mean())
                powers.append(band**2 if band < 8 else 16 * band - 64)
    np.testing.assert_allclose(
        pixels.border(pictures, photos), np.mean(powers), rtol=1e-4
    )


def test_border_by_hand():
    photo = _pictures()[:, :, :1].repeat(12, 2).repeat(3, 1)
    lighter, banded = photo + 20, photo.copy()
    banded[:, -3:] += 8
    assert float(pixels.border(lighter, photo)) < 1e-6
    # One edge of four; across the others the band runs on.
    np.testing.assert_allclose(pixels.border(banded, photo), 16, rtol=1e-4)
    banded[:, -3:] += 92  # 100 in all, more than a crease: 16 x 100 - 64.
    np.testing.assert_allclose(pixels.border(banded, photo), 384, rtol=1e-4)


def test_out_of_range():
    pictures = _pictures()
    outside = [
        x**2 if x < 0 else (x - 255) ** 2 if x > 255 else 0.0
        for x in pictures.astype(float).flat
    ]
    np.testing.assert_allclose(
        pixels.out_of_range(pictures), np.mean(outside), rtol=1e-5
    )


def test_no_picture_is_out_of_range():
    picture = np.arange(256, dtype="float32").reshape(1, 16, 16, 1)
    assert float(pixels.out_of_range(picture)) == 0


def test_gradient_of_total_variation(assert_gradient):
    assert_gradient(pixels.total_variation, _pictures())


def test_gradient_of_lattice(assert_gradient):
    random = np.random.default_rng(3)
    pictures = random.uniform(0, 255, (1, 25, 24, 1)).astype("float32")
    assert_gradient(pixels.lattice, pictures)


def test_gradient_of_border(assert_gradient):
    photos = _pictures()[:, :, :6].repeat(2, 1)
    assert_gradient(
        lambda x: pixels.border(x, photos), photos[::-1, ::-1].copy()
    )


def test_gradient_of_out_of_range(assert_gradient):
    assert_gradient(pixels.out_of_range, _pictures())


def test_gradient_of_squared_difference(assert_gradient):
    targets = _pictures()[::-1]
    assert_gradient(
        lambda x: pixels.squared_difference(x, targets), _pictures()
    )
