import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.networks import MARGIN, MINIMUM_SIDE, RECEPTIVE_RADIUS
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.networks.layers import KERNELS


def _network(width=0.1, blocks=1, **kwargs):
    keras.utils.set_random_seed(0)
    network = ImageTransformationNetwork(width, blocks, **kwargs)
    network.build()
    return network


def _pictures(*shape):
    random = np.random.default_rng(0)
    return random.uniform(0, 255, shape).astype(np.float32)


def _styled(**kwargs):
    """Three styles with dials, all of whose numbers count."""
    network = _network(styles=("a", "b", "c"), dials=True, **kwargs)
    random = np.random.default_rng(0)
    network.table.assign_add(random.normal(0, 0.3, network.table.shape))
    return network


def test_configuration_and_variables():
    network = _network(kernels="tflite")
    config = {"width": 0.1, "blocks": 1, "styles": ["style"], "dials": False}
    assert network.get_config() == config
    whole = _network(1.0, 5)
    assert round(whole.count_params() / 1e6, 2) == 1.68
    assert whole.vector_size == 3200

    layers = "down0 down1 down2 block0a block0b up1 up0 paint".split()
    expected = {f"{x}/{kind}" for x in layers for kind in ("kernel", "bias")}
    found = [v.path.partition("/")[2] for v in network.variables]
    assert len(found) == 17
    assert {*found} == expected | {"table"}


def test_a_vector_is_the_sum_of_its_styles_rows():
    network = _styled()
    weights = np.array([[0.25, 0.75, 0], [0, 0, 1]], "float32")
    dials = np.array([[0.5, 1.0], [0.25, 0.0]], "float32")
    rows = network.table.numpy()
    expected = [
        sum(
            w * (row[0] + depth * row[1] + stroke * row[2])
            for w, row in zip(each, rows, strict=True)
        )
        for each, (depth, stroke) in zip(weights, dials, strict=True)
    ]
    found = network.vectors(weights, dials)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_each_picture_has_its_own_vector():
    network, pictures = _styled(), _pictures(2, 20, 24, 3)
    vectors = network.vectors(
        np.eye(3, dtype="float32")[1:], np.full((2, 2), 0.5, "float32")
    )
    both = network(pictures, vectors)
    for i in range(2):
        alone = network(pictures[i : i + 1], vectors[i : i + 1])
        np.testing.assert_allclose(both[i : i + 1], alone, atol=1e-2)
    other = network(pictures, vectors[::-1])
    assert np.abs(both - other).max() > 1


def test_regions_have_their_own_styles():
    network, picture = _styled(), _pictures(1, 40, 96, 3)
    vectors = network.vectors(
        np.eye(3, dtype="float32")[1:], np.full((2, 2), 0.5, "float32")
    )
    masks = np.zeros((1, 40, 96, 2), "float32")
    masks[..., 0] = 1.0
    whole = network(picture, vectors[:1])
    painted = network.stylize_regions(picture, vectors, masks)
    np.testing.assert_allclose(painted, whole, atol=1e-2)
    masks[:, :, 48:] = [0.0, 1.0]
    parts = network.stylize_regions(picture, vectors, masks)
    halves = [network(picture, vectors[i : i + 1]) for i in range(2)]
    for part, near, far in (
        (parts[:, :, :16], *(half[:, :, :16] for half in halves)),
        (parts[:, :, 80:], *(half[:, :, 80:] for half in halves[::-1])),
    ):
        assert np.abs(part - near).mean() < 0.5 * np.abs(part - far).mean()


def test_a_picture_and_its_reflected_surroundings_are_painted_alike():
    """The margin is all that the network sees beyond the border."""
    network, picture = _network(), _pictures(1, 40, 48, 3)
    sides = [(0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)]
    extended = np.pad(picture, sides, "reflect")
    painted = network.stylize_crop(extended)[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    np.testing.assert_allclose(network(picture), painted, atol=1e-2)


@pytest.mark.parametrize(
    "wrong, says",
    [
        ({"width": 0.01}, "without channels"),
        ({"kernels": "gpu"}, "'gpu'.*tflite"),
    ],
)
def test_wrong_settings(wrong, says):
    with pytest.raises(ValueError, match=says):
        ImageTransformationNetwork(**wrong)


def test_pixels_beyond_the_receptive_radius_do_not_matter():
    """With given statistics; with its own, every pixel matters to all."""
    network = _network(blocks=5)
    picture = _pictures(1, 160, 160, 3)
    given = network.statistics(picture)
    before = network.stylize_tile(picture, given)
    radii = []
    for place in range(72, 80):  # Every phase of the strides.
        other = picture.copy()
        other[0, place, place] = 255.0 - other[0, place, place]
        after = network.stylize_tile(other, given)
        changed = np.argwhere(np.abs(after - before)[0].max(-1) > 1e-5)
        radii.append(np.abs(changed - place).max())
    # The outermost of 60 pixels of influence may be too weak to see.
    assert RECEPTIVE_RADIUS - 8 < max(radii) <= RECEPTIVE_RADIUS


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_given_its_own_statistics_a_tile_is_the_picture(dtype):
    network = _network(0.25, 2, dtype=dtype)
    picture = _pictures(1, 45, 62, 3)
    given = network.statistics(picture)
    assert given.shape == (2, sum(conv.filters for conv in network.convs))
    assert given.dtype == "float32"
    tile, whole = network.stylize_tile(picture, given), network(picture)
    if dtype == "float32":
        np.testing.assert_allclose(tile, whole, atol=1e-2)
    else:
        assert np.abs(tile - whole).mean() < 0.1 * np.std(whole)


def test_margins_of_patches_do_not_count():
    """By the first layer, which has the same reflection at its own border."""
    network = _network(0.25, 2)
    patches = _pictures(3, 44, 64, 3)
    first = network.convs[0](patches / 127.5 - 1.0).numpy()
    found = network.statistics(patches)[:, : network.convs[0].filters]
    expected = first.mean((0, 1, 2)), first.var((0, 1, 2))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_no_output_is_out_of_reach_of_the_gradient():
    """Far beyond white and black, a push still moves every pixel."""
    network = _network()
    picture = _pictures(1, MINIMUM_SIDE, MINIMUM_SIDE, 3)
    before = network(picture)
    for far in (-1000.0, 1000.0):
        network.paint.bias.assign([far + 0.5] * 3)
        moved = network(picture) - before
        np.testing.assert_allclose(moved, (far + 0.5) * 50.0, rtol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_all_kernels_give_the_same_pictures_and_gradients(dtype):
    pictures = tf.constant(_pictures(2, 32, 48, 3))
    results = []
    for kernels in KERNELS:
        network = _styled(width=0.25, blocks=2, dtype=dtype, kernels=kernels)
        layers = [*network.convs, *network.norms, network.paint]
        assert {layer.dtype_policy.name for layer in layers} == {dtype}
        with tf.GradientTape() as tape:
            vectors = network.vectors(
                np.eye(3, dtype="float32")[1:], np.ones((2, 2), "float32")
            )
            painted = network.stylize_crop(pictures, vectors)
            loss = tf.reduce_mean(tf.square(painted))
        slopes = tape.gradient(loss, network.trainable_variables)
        results.append((painted, np.concatenate([np.ravel(g) for g in slopes])))
    tolerance = 1e-3 if dtype == "float32" else 0.1
    for found in results[1:]:
        for one, other in zip(found, results[0], strict=True):
            error = np.linalg.norm(one - other)
            assert error < tolerance * np.linalg.norm(other)
