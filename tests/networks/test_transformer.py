import keras
import numpy as np
import pytest
from keras import ops

from fast_depth_style.networks import MINIMUM_SIDE
from fast_depth_style.networks.transformer import RECEPTIVE_RADIUS, Transformer


def _network(width=0.1, blocks=1, **kwargs):
    keras.utils.set_random_seed(0)
    network = Transformer(width, blocks, **kwargs)
    network.build()
    return network


def _pictures(*shape, seed=0):
    random = np.random.default_rng(seed)
    return random.uniform(0, 255, shape).astype(np.float32)


def test_the_full_network_has_1_68_million_parameters():
    network = Transformer()
    network.build()
    assert round(network.count_params() / 1e6, 2) == 1.68


def test_no_width_without_channels():
    with pytest.raises(ValueError, match="without channels"):
        Transformer(width=0.01)


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


def test_given_its_own_statistics_a_tile_is_the_picture():
    network = _network(0.25, 2)
    picture = _pictures(1, 45, 62, 3)
    given = network.statistics(picture)
    assert given.shape == (2, sum(conv.filters for conv in network.convs))
    np.testing.assert_allclose(
        network.stylize_tile(picture, given), network(picture), atol=1e-2
    )


def test_pictures_of_a_batch_do_not_mix():
    network, pictures = _network(), _pictures(3, 21, 34, 3)
    together = network(pictures)
    for i in range(3):
        np.testing.assert_allclose(
            together[i : i + 1], network(pictures[i : i + 1]), atol=1e-2
        )


def test_sizes_that_are_no_multiple_of_four_are_mirrored():
    """As if the picture had been extended by its own reflection."""
    network = _network()
    picture = _pictures(1, 18, 31, 3)
    extended = np.pad(picture, [(0, 0), (0, 2), (0, 1), (0, 0)], "reflect")
    np.testing.assert_allclose(
        network(picture), network(extended)[:, :18, :31], atol=1e-2
    )


@pytest.mark.parametrize("value", [0.0, 127.5, 255.0])
def test_a_flat_picture_stays_flat(value):
    """No border band and no checkerboard: there is nothing to see."""
    network = _network(0.25, 2)
    flat = np.full((1, 40, 40, 3), value, np.float32)
    painted = np.asarray(network(flat))
    spread = painted.max((1, 2)) - painted.min((1, 2))
    np.testing.assert_allclose(spread, 0.0, atol=0.1)


def test_no_output_is_out_of_reach_of_the_gradient():
    """Far beyond white and black, a push still moves every pixel."""
    network = _network()
    picture = _pictures(1, MINIMUM_SIDE, MINIMUM_SIDE, 3)
    before = network(picture)
    for far in (-1000.0, 1000.0):
        network.paint.bias.assign([far] * 3)
        network.paint.bias.assign_add([0.5] * 3)
        moved = network(picture) - before
        np.testing.assert_allclose(moved, (far + 0.5) * 50.0, rtol=1e-3)


def test_mixed_precision_is_for_the_whole_network():
    low = _network(0.25, 2, dtype="mixed_bfloat16")
    exact = _network(0.25, 2, dtype="float32")
    low.set_weights(exact.get_weights())
    layers = [*low.convs, *low.norms, low.paint]
    assert {layer.compute_dtype for layer in layers} == {"bfloat16"}
    assert {w.dtype for w in low.weights} == {"float32"}
    pictures = _pictures(1, 32, 32, 3)
    painted = low(pictures)
    assert painted.dtype == "float32"
    error = np.sqrt(np.mean(np.square(painted - exact(pictures))))
    assert 0 < error < 3.0


def test_saved_weights_come_back(tmp_path):
    network = _network()
    network.save_weights(tmp_path / "n.weights.h5")
    other = Transformer.from_config(network.get_config())
    other.build()
    other.load_weights(tmp_path / "n.weights.h5")
    pictures = _pictures(1, 16, 20, 3)
    np.testing.assert_array_equal(network(pictures), other(pictures))
    assert ops.shape(other(pictures)) == (1, 16, 20, 3)
