"""Style: the distance of Gram matrices (Gatys, Ecker, Bethge 2015).

`grams` {layer: (batch, c, c)} G(y) are the picture's and `targets` {layer:
(batch or 1, c, c)} G(s) the painting's, whose layers are those that count. With
`quarter_gram_matrices` both have one more axis, (batch, 4, c, c) and (batch or
1, 1, c, c), and losses are means over quarters.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import keras
from keras import ops


def gram_matrix(features: Any) -> Any:
    """Gram matrix G = F^T F / (H W C): Johnson et al. 2016, eq. 3.

    Of (batch, height, width, channels), (batch, channels, channels) float32.
    bfloat16 features are multiplied as they are; a CPU that can takes a fourth
    of the time. The sums are float32 on the way and rounded to bfloat16, by
    0.2 % at most, at the end.
    """
    _, height, width, channels = ops.shape(features)
    flat = ops.reshape(features, (-1, height * width, channels))
    # Not float16, whose range sums of squares leave.
    if keras.backend.standardize_dtype(flat.dtype) != "bfloat16":
        flat = ops.cast(flat, "float32")
    size = ops.cast(height * width * channels, "float32")
    return _inner_products(flat) / size


def quarter_gram_matrices(features: Any) -> Any:
    """Gram matrices of the four quarters of feature maps.

    Of (batch, height, width, channels), (batch, 4, channels, channels) float32,
    as `gram_matrix`; height and width are static. Their mean is the Gram matrix
    of the whole, but for a row or column left over. A map of one pixel a side
    is a single quarter, (batch, 1, channels, channels).
    """
    _, height, width, channels = features.shape
    parts = min(2, height, width)
    high, wide = height // parts, width // parts
    features = features[:, : parts * high, : parts * wide]
    features = ops.reshape(features, (-1, parts, high, parts, wide, channels))
    features = ops.transpose(features, (0, 1, 3, 2, 4, 5))
    grams = gram_matrix(ops.reshape(features, (-1, high, wide, channels)))
    return ops.reshape(grams, (-1, parts * parts, channels, channels))


@ops.custom_gradient
def _inner_products(flat):
    """X^T X in float32 of (batch, pixels, channels) X.

    Its gradient is X (U + U^T): one product of matrices, where
    differentiating the product gives two.
    """

    def gradient(*arguments, upstream=None):
        if upstream is None:
            (upstream,) = arguments
        both = upstream + ops.transpose(upstream, (0, 2, 1))
        return ops.matmul(flat, ops.cast(both, flat.dtype))

    products = ops.matmul(ops.transpose(flat, (0, 2, 1)), flat)
    return ops.cast(products, "float32"), gradient


def halved(pictures: Any, times: int) -> Any:
    """Halves the size of pictures so many times, by means of 2x2 pixels."""
    for _ in range(times):
        # Without strides, it fails under JAX.
        pictures = ops.average_pool(
            pictures, 2, strides=2, data_format="channels_last"
        )
    return pictures


def scaled_features(
    network: Callable[[Any], Mapping[str, Any]],
    pictures: Any,
    layers: Collection[str],
    scales: int,
) -> dict[tuple[int, str], Any]:
    """Features of pictures at several scales, each half the one before.

    {(scale, layer): (batch, h, w, channels)}, the pictures' own scale 0.
    """
    found: dict[tuple[int, str], Any] = {}
    for scale in range(scales):
        features = network(pictures)
        found |= {(scale, layer): features[layer] for layer in layers}
        pictures = halved(pictures, 1)
    return found


def style_loss(grams: Mapping[Any, Any], targets: Mapping[Any, Any]) -> Any:
    """Sum over layers of mean (G(y) - G(s))^2: Johnson et al. 2016, eq. 4."""
    return sum(
        ops.mean(ops.square(grams[name] - target))
        for name, target in targets.items()
    )


def relative_style_loss(
    grams: Mapping[Any, Any], targets: Mapping[Any, Any]
) -> Any:
    """Mean over layers of |G(y) - G(s)|^2 / |G(s)|^2, (batch,).

    Eq. 4, each layer relative to the painting's own, so that all count the
    same: a black feature map costs 1.
    """
    terms = []
    for name, target in targets.items():
        error = ops.sum(ops.square(grams[name] - target), axis=(-2, -1))
        error = error / ops.sum(ops.square(target), axis=(-2, -1))
        terms.append(ops.mean(error, axis=1) if error.ndim > 1 else error)
    return sum(terms) / len(terms)
