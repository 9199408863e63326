import numpy as np
import pytest

from fast_depth_style.networks.instance_norm import InstanceNormalization


def _layer(channels, dtype="float32"):
    layer = InstanceNormalization(dtype=dtype)
    layer.build((None, None, None, channels))
    layer.scale.assign(np.linspace(0.5, 2, channels))
    layer.shift.assign(np.linspace(-1, 1, channels))
    return layer


def _features(*shape, seed=0):
    return np.random.default_rng(seed).normal(3, 2, shape).astype(np.float32)


def test_equation_2_of_the_paper():
    layer, x = _layer(4), _features(3, 5, 6, 4)
    expected = np.empty_like(x)
    for i in range(3):
        for c in range(4):
            plane = x[i, :, :, c].astype(np.float64)
            plane = (plane - plane.mean()) / np.sqrt(plane.var() + 1e-5)
            expected[i, :, :, c] = (
                plane * np.linspace(0.5, 2, 4)[c] + np.linspace(-1, 1, 4)[c]
            )
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)


def test_a_large_mean_does_not_drown_the_variance():
    layer = _layer(1)
    x = (1e4 + np.array([[1.0, -1.0], [1.0, -1.0]])).astype(np.float32)
    mean, variance = layer.statistics(x[None, :, :, None])
    assert float(mean[0, 0, 0, 0]) == 1e4
    assert float(variance[0, 0, 0, 0]) == 1.0


def test_a_flat_channel_becomes_its_shift():
    layer = _layer(2)
    np.testing.assert_allclose(
        layer(np.full((1, 4, 4, 2), 7.0, np.float32)),
        np.broadcast_to([-1.0, 1.0], (1, 4, 4, 2)),
        atol=1e-5,
    )


def test_pooled_statistics_are_those_of_one_picture():
    layer, x = _layer(3), _features(4, 5, 6, 3)
    one_picture = x.reshape(1, 20, 6, 3)
    for pooled, whole in zip(
        layer.statistics(x, pooled=True),
        layer.statistics(one_picture),
        strict=True,
    ):
        np.testing.assert_allclose(pooled, whole, rtol=1e-5)
    given = layer.statistics(one_picture)
    np.testing.assert_allclose(
        layer(one_picture), layer(one_picture, given), atol=1e-6
    )


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_float32_in_mixed_precision(dtype):
    """Summed in 8 bits of mantissa, a mean of many pixels would be wrong."""
    layer, x = _layer(3, dtype), _features(1, 64, 64, 3)
    low = layer(x)
    assert low.dtype == layer.compute_dtype
    np.testing.assert_allclose(
        np.asarray(low).astype(np.float32), _layer(3)(x), rtol=0.02, atol=0.05
    )
    mean, variance = layer.statistics(low)
    assert mean.dtype == variance.dtype == "float32"
