"""The layers against their definitions, in every implementation."""

import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.networks import layers, tensorflow_kernels
from fast_depth_style.networks.layers import (
    KERNELS,
    FewFiltersConv2D,
    InstanceNormalization,
    ReflectionConv2D,
    UpsamplingConv2D,
)


def _convolve(x, layer):
    """The definition, pixel by pixel, in float64."""
    kernel, bias = layer.kernel.numpy(), layer.bias.numpy()
    p, strides = kernel.shape[0] // 2, layer.strides
    mode = "symmetric" if isinstance(layer, UpsamplingConv2D) else "reflect"
    x = np.pad(x.astype("f8"), [(0, 0), (p, p), (p, p), (0, 0)], mode)
    height = (x.shape[1] - 2 * p + strides - 1) // strides
    width = (x.shape[2] - 2 * p + strides - 1) // strides
    out = np.empty((x.shape[0], height, width, kernel.shape[3]))
    for i, j in np.ndindex(height, width):
        top, left = i * strides, j * strides
        window = x[:, top : top + 2 * p + 1, left : left + 2 * p + 1]
        out[:, i, j] = np.einsum("bhwc,hwco->bo", window, kernel) + bias
    return out


def _built(layer, channels):
    random = np.random.default_rng(0)
    layer.build((None, None, None, channels))
    for weight in layer.weights:
        weight.assign(random.normal(size=weight.shape))
    return layer


def _features(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(
    "make",
    [
        lambda **kw: ReflectionConv2D(4, 3, **kw),
        lambda **kw: ReflectionConv2D(4, 3, 2, **kw),
        lambda **kw: ReflectionConv2D(4, 9, **kw),
        lambda **kw: FewFiltersConv2D(3, 9, **kw),
        lambda **kw: UpsamplingConv2D(4, **kw),
    ],
)
def test_convolutions(kernels, make):
    layer, x = _built(make(kernels=kernels), 3), _features(2, 12, 10, 3)
    inputs = x
    if isinstance(layer, UpsamplingConv2D):
        inputs = tf.image.resize(x, (24, 20), "bilinear").numpy()
    np.testing.assert_allclose(layer(x), _convolve(inputs, layer), atol=1e-4)
    # A flat picture has no border and no checkerboard.
    painted = np.asarray(layer(np.ones_like(x)))
    spread = painted.max((1, 2)) - painted.min((1, 2))
    np.testing.assert_allclose(spread, 0.0, atol=1e-4)


@pytest.mark.parametrize(
    "other", [tensorflow_kernels.pad, layers.pad_by_slices]
)
@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
def test_padding(other, width, mode):
    x = tf.constant(_features(2, 10, 16, 3))
    upstream = tf.constant(_features(2, 10 + 2 * width, 16 + 2 * width, 3))
    results = []
    for pad in (layers.pad, other):
        with tf.GradientTape() as tape:
            tape.watch(x)
            padded = pad(x, width, mode)
        results.append((padded, tape.gradient(padded, x, upstream)))
    plain, fast = results
    sides = [(0, 0), (width, width), (width, width), (0, 0)]
    np.testing.assert_array_equal(plain[0], np.pad(x, sides, mode))
    np.testing.assert_array_equal(fast[0], plain[0])
    np.testing.assert_allclose(fast[1], plain[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kernels", KERNELS)
def test_instance_normalization_is_equation_2_of_the_paper(kernels):
    layer, x = InstanceNormalization(kernels), 3 + 2 * _features(3, 5, 6, 4)
    scale, shift = _features(3, 1, 1, 4, seed=2), _features(3, 1, 1, 4, seed=3)
    planes = x.astype("f8")
    mean, variance = (
        f(planes, (1, 2), keepdims=True) for f in (np.mean, np.var)
    )
    expected = (planes - mean) / np.sqrt(variance + 1e-5)
    expected = expected * scale + shift
    np.testing.assert_allclose(layer(x, scale, shift), expected, atol=1e-5)
    # A flat channel becomes its shift.
    flat = np.asarray(layer(np.full_like(x, 7.0), scale, shift))
    expected = np.broadcast_to(shift, x.shape)
    np.testing.assert_allclose(flat, expected, atol=1e-3)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("kernels", KERNELS)
def test_normalization_of_regions(kernels, count):
    """Each pixel has the mean of the regions' scales and shifts."""
    layer, x = InstanceNormalization(kernels), 3 + 2 * _features(2, 5, 6, 4)
    scale, shift = (_features(count, 1, 1, 4, seed=seed) for seed in (2, 3))
    random = np.random.default_rng(4)
    masks = random.dirichlet(np.ones(count), (2, 5, 6)).astype("f4")
    scales, shifts = (masks @ each[:, 0, 0] for each in (scale, shift))
    plain = layer(x, np.ones((1, 1, 1, 4), "f4"), np.zeros((1, 1, 1, 4), "f4"))
    found = layer(x, scale, shift, np.moveaxis(masks, -1, 0)[..., None])
    np.testing.assert_allclose(found, plain * scales + shifts, atol=1e-5)


def test_a_large_mean_does_not_drown_the_variance():
    x = (1e4 + np.array([[1.0, -1.0], [1.0, -1.0]])).astype(np.float32)
    found = InstanceNormalization().statistics(x[None, :, :, None])
    assert [float(np.squeeze(value)) for value in found] == [1e4, 1.0]


def test_pooled_statistics_are_those_of_one_picture():
    layer, x = InstanceNormalization(), _features(4, 5, 6, 3)
    whole = layer.statistics(x.reshape(1, 20, 6, 3))
    pooled = layer.statistics(x, pooled=True)
    np.testing.assert_allclose(pooled, whole, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_float32_in_mixed_precision(dtype):
    """Summed in 8 bits of mantissa, a mean of many pixels would be wrong."""
    x = 3 + 2 * _features(1, 64, 64, 3)
    layer, exact = (InstanceNormalization(dtype=d) for d in (dtype, "float32"))
    scale, shift = _features(1, 1, 1, 3, seed=2), _features(1, 1, 1, 3, seed=3)
    low = layer(tf.cast(x, layer.compute_dtype), scale, shift)
    assert low.dtype == layer.compute_dtype
    low_32 = np.asarray(low).astype(np.float32)
    expected = exact(x, scale, shift)
    np.testing.assert_allclose(low_32, expected, rtol=0.02, atol=0.05)
    assert {value.dtype for value in layer.statistics(low)} == {tf.float32}
