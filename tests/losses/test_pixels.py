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


def _bands(channel, rows):
    """At the top, right, bottom and left: outer less inner rows."""
    edges = [np.rot90(channel, turns) for turns in range(4)]
    return np.array(
        [x[:rows].mean() - x[rows : 2 * rows].mean() for x in edges]
    )


def _half_bands(channel, rows):
    """The same of the two halves of every edge: (2, 4)."""
    height, width = (n // 2 for n in channel.shape)
    above, below = (_bands(x, rows) for x in np.split(channel, [height]))
    left, right = (_bands(x, rows) for x in np.split(channel, [width], axis=1))
    return np.array(
        [
            [left[0], above[1], left[2], above[3]],
            [right[0], below[1], right[2], below[3]],
        ]
    )


def _root_power(bands):
    size = np.abs(bands)
    power = np.where(size < 8, size**2, 16 * size - 64)
    return np.sign(bands) * np.sqrt(power)


def test_border_is_the_power_of_the_bands_along_the_edges():
    random = np.random.default_rng(4)
    photos, pictures = random.uniform(0, 255, (2, 3, 50, 49, 3))
    pictures[:, -5:] = 0  # Among bands of noise, one that is strong.
    photos[:, :, :9] += 40  # One that the photo has more of,
    pictures[:, :, :9] += 20
    photos[:, :9] += 10  # and one that it has less than half of.
    pictures[:, :9] += 60
    expected, kinds = 0, set()
    for channel in np.ndindex(3, 3):
        photo, picture = (
            x[channel[0], :, :, channel[1]] for x in (photos, pictures)
        )
        expected += np.sum(_root_power(_bands(picture - photo, 3)) ** 2) / 36
        for rows in (6, 12):
            ours = _half_bands(picture, rows)
            theirs = _half_bands(photo, rows)
            excess = np.where(
                ours * theirs < 0,
                ours,
                np.sign(ours) * np.maximum(abs(ours) - 2 * abs(theirs), 0),
            )
            kinds |= set(np.sign(np.prod(excess, axis=0)))
            product = np.prod(_root_power(excess), axis=0)
            expected += np.sum(product[product > 0]) / 36
    assert kinds == {-1, 0, 1}
    np.testing.assert_allclose(
        pixels.border(pictures.astype("float32"), photos), expected, rtol=1e-4
    )


def test_border_by_hand():
    photo = np.full((1, 60, 60, 3), 90, "float32")
    lighter, banded = photo + 20, photo.copy()
    banded[:, -3:] += 8
    assert float(pixels.border(lighter, photo)) < 1e-6
    # One edge of four; across the others the band runs on. Of 6 and 12 rows it
    # is a half and a quarter.
    np.testing.assert_allclose(
        pixels.border(banded, photo), (64 + 16 + 4) / 4, rtol=1e-4
    )
    banded[:, -3:] += 92  # 100 in all, more than a crease: 16 x 100 - 64.
    powers = 1600 - 64 + 800 - 64 + 400 - 64
    np.testing.assert_allclose(
        pixels.border(banded, photo), powers / 4, rtol=1e-4
    )


def test_border_sees_a_broad_margin_only_along_a_whole_edge():
    photo = np.full((1, 60, 60, 3), 90, "float32")
    corner, margin = photo.copy(), photo.copy()
    corner[:, :30, :12] += 40
    margin[:, :, :12] += 40
    # Not in both halves of an edge.
    assert float(pixels.border(corner, photo)) < 1e-6
    # 6 rows of the margin differ from the next 6 by nothing.
    np.testing.assert_allclose(
        pixels.border(margin, photo), (16 * 40 - 64) / 4, rtol=1e-4
    )
    # A photo's own may be painted with up to twice the contrast, and no more.
    photo[:, :, :12] += 20
    assert float(pixels.border(margin, photo)) < 1e-6
    margin[:, :, :12] += 40
    np.testing.assert_allclose(
        pixels.border(margin, photo), (16 * 40 - 64) / 4, rtol=1e-4
    )


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
    random = np.random.default_rng(5)
    photos, pictures = random.uniform(0, 255, (2, 1, 24, 24, 1)).astype(
        "float32"
    )
    assert_gradient(lambda x: pixels.border(x, photos), pictures)


def test_gradient_of_out_of_range(assert_gradient):
    assert_gradient(pixels.out_of_range, _pictures())


def test_gradient_of_squared_difference(assert_gradient):
    targets = _pictures()[::-1]
    assert_gradient(
        lambda x: pixels.squared_difference(x, targets), _pictures()
    )
