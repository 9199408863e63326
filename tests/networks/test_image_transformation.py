import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.networks import MINIMUM_SIDE
from fast_depth_style.networks.image_transformation import (
    RECEPTIVE_RADIUS,
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


def test_configuration_and_variables_are_those_of_shipped_models():
    network = _network(kernels="tflite")
    assert network.get_config() == {"width": 0.1, "blocks": 1}
    assert round(_network(1.0, 5).count_params() / 1e6, 2) == 1.68

    layers = "down0 down1 down2 block0a block0b up1 up0".split()
    kinds = ("/kernel", "/bias", "_norm/scale", "_norm/shift")
    expected = {f"{layer}{kind}" for layer in layers for kind in kinds}
    found = [v.path.partition("/")[2] for v in network.variables]
    assert len(found) == 30
    assert {*found} == expected | {"paint/kernel", "paint/bias"}


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
    # The outermost of 57 pixels of influence may be too weak to see.
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
    else:  # Statistics are rounded on their way into the layers.
        assert np.abs(tile - whole).mean() < 0.1 * np.std(whole)


def test_sizes_that_are_no_multiple_of_four_are_mirrored():
    """As if the picture had been extended by its own reflection."""
    network = _network()
    picture = _pictures(1, 18, 31, 3)
    extended = np.pad(picture, [(0, 0), (0, 2), (0, 1), (0, 0)], "reflect")
    np.testing.assert_allclose(
        network(picture), network(extended)[:, :18, :31], atol=1e-2
    )


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
        network = _network(0.25, 2, dtype=dtype, kernels=kernels)
        layers = [*network.convs, *network.norms, network.paint]
        assert {layer.dtype_policy.name for layer in layers} == {dtype}
        with tf.GradientTape() as tape:
            painted = network(pictures)
            loss = tf.reduce_mean(tf.square(painted))
        slopes = tape.gradient(loss, network.trainable_variables)
        results.append((painted, np.concatenate([np.ravel(g) for g in slopes])))
    tolerance = 1e-3 if dtype == "float32" else 0.1
    for found in results[1:]:
        for one, other in zip(found, results[0], strict=True):
            error = np.linalg.norm(one - other)
            assert error < tolerance * np.linalg.norm(other)
