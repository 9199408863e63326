import numpy as np
import pytest

from fast_depth_style.networks.convolutions import (
    FewFiltersConv2D,
    ReflectionConv2D,
    UpsamplingConv2D,
    pad,
    pad_by_slices,
)


def _convolve(x, kernel, bias, strides):
    """The definition, pixel by pixel, in float64."""
    p = kernel.shape[0] // 2
    x = np.pad(
        x.astype(np.float64), [(0, 0), (p, p), (p, p), (0, 0)], "reflect"
    )
    height = (x.shape[1] - 2 * p + strides - 1) // strides
    width = (x.shape[2] - 2 * p + strides - 1) // strides
    out = np.empty((x.shape[0], height, width, kernel.shape[3]))
    for i in range(height):
        for j in range(width):
            top, left = i * strides, j * strides
            window = x[:, top : top + 2 * p + 1, left : left + 2 * p + 1]
            out[:, i, j] = np.einsum("bhwc,hwco->bo", window, kernel) + bias
    return out


def _built(layer, channels, seed=0):
    random = np.random.default_rng(seed)
    layer.build((None, None, None, channels))
    layer.kernel.assign(random.normal(size=layer.kernel.shape))
    layer.bias.assign(random.normal(size=layer.bias.shape))
    return layer


def _features(*shape):
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
def test_slices_pad_as_padding_does(width, mode):
    x = _features(2, 7, 9, 3)
    np.testing.assert_array_equal(
        pad_by_slices(x, width, mode), pad(x, width, mode)
    )


@pytest.mark.parametrize("kernel_size,strides", [(3, 1), (3, 2), (9, 1)])
@pytest.mark.parametrize("size", [(12, 9), (8, 16)])
def test_reflection_convolution(kernel_size, strides, size):
    layer = _built(ReflectionConv2D(4, kernel_size, strides), 3)
    x = _features(2, *size, 3)
    expected = _convolve(x, layer.kernel.numpy(), layer.bias.numpy(), strides)
    np.testing.assert_allclose(layer(x), expected, atol=1e-4)


def test_convolution_with_few_filters():
    layer = _built(FewFiltersConv2D(3, 9), 5)
    x = _features(2, 12, 8, 5)
    expected = _convolve(x, layer.kernel.numpy(), layer.bias.numpy(), 1)
    np.testing.assert_allclose(layer(x), expected, atol=1e-4)


def test_upsampling_convolution():
    layer = _built(UpsamplingConv2D(4), 5)
    x = _features(2, 6, 7, 5)
    doubled = x.repeat(2, 1).repeat(2, 2)
    expected = _convolve(doubled, layer.kernel.numpy(), layer.bias.numpy(), 1)
    np.testing.assert_allclose(layer(x), expected, atol=1e-4)


@pytest.mark.parametrize(
    "layer",
    [ReflectionConv2D(4, 3), UpsamplingConv2D(4), FewFiltersConv2D(3, 9)],
)
def test_a_flat_picture_has_no_border(layer):
    flat = np.ones((1, 12, 12, 3), np.float32)
    painted = np.asarray(_built(layer, 3)(flat))
    spread = painted.max((1, 2)) - painted.min((1, 2))
    np.testing.assert_allclose(spread, 0.0, atol=1e-4)
