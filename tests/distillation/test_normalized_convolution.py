import keras
import numpy as np

from fast_depth_style.distillation.normalized_convolution import (
    NormalizedConv2D,
    normalized_unless_last,
)


def _layer(name="some"):
    keras.utils.set_random_seed(0)
    return NormalizedConv2D(5, 3, 2, "same", dtype="float32", name=name)


def _inputs(seed):
    draw = np.random.default_rng(seed)
    return draw.normal(1.0, 2.0, (4, 12, 10, 3)).astype(np.float32)


def test_normalizes_each_channel_in_training():
    result = _layer()(_inputs(0), training=True).numpy()
    np.testing.assert_allclose(result.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(result.std(axis=(0, 1, 2)), 1, atol=1e-2)


def test_a_residual_branch_starts_small():
    result = _layer("block_residual")(_inputs(0), training=True).numpy()
    np.testing.assert_allclose(result.std(axis=(0, 1, 2)), 0.25, atol=1e-2)


def test_folded_it_is_a_plain_convolution():
    layer = _layer()
    for seed in range(80):
        layer(_inputs(seed % 7), training=True)
    layer.gamma.assign([0.5, 1.0, 2.0, -1.0, 0.1])
    layer.beta.assign([0.0, 1.0, -1.0, 3.0, 0.5])
    plain = keras.layers.Conv2D(5, 3, 2, "same")
    plain.build((None, None, None, 3))
    weights = layer.plain_weights()
    plain.set_weights([weights["kernel"], weights["bias"]])
    inputs = _inputs(1)
    exact = plain(inputs)
    np.testing.assert_allclose(layer(inputs), exact, rtol=1e-4, atol=1e-4)
    # The moving statistics are those of the inputs seen.
    trained = layer(inputs, training=True)
    assert np.abs(trained - exact).max() < 0.5


def test_bfloat16_stays_bfloat16_and_its_statistics_float32():
    layer = NormalizedConv2D(5, 3, 1, "same", "mixed_bfloat16", "some")
    assert layer(_inputs(0), training=True).dtype == "bfloat16"
    assert layer.moving_variance.dtype == "float32"


def test_the_last_one_is_plain():
    made = {
        name: normalized_unless_last(1, 3, 1, "same", "float32", name)
        for name in ("head", "inverse_depth")
    }
    assert isinstance(made["head"], NormalizedConv2D)
    assert isinstance(made["inverse_depth"], keras.layers.Conv2D)
