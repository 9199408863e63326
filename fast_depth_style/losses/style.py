"""Style: the distance of Gram matrices (Gatys, Ecker, Bethge 2015).

`grams` {layer: (batch, c, c)} G(y) are the picture's and `targets` {layer:
(batch or 1, c, c)} G(s) the painting's, whose layers are those that count. Both
may be covariances. Of quarters both have one more axis, (batch, 4, c, c) and
(batch or 1, 1, c, c), and losses are means over quarters.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import keras
from keras import ops

from fast_depth_style.losses import COLORS


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


def mean_features(features: Any) -> Any:
    """Means over positions: (batch, channels) float32 of (batch, h, w, c)."""
    return ops.mean(ops.cast(features, "float32"), axis=(1, 2))


def quarter_statistics(features: Any) -> tuple[Any, Any]:
    """Gram matrices and means of the four quarters of feature maps.

    Of (batch, height, width, channels), as `gram_matrix` and `mean_features`
    but (batch, 4, ...); height and width are static. Their means over quarters
    are those of the whole, but for a row or column left over. A map of one
    pixel a side is a single quarter, (batch, 1, ...).
    """
    _, height, width, channels = features.shape
    parts = min(2, height, width)
    high, wide = height // parts, width // parts
    features = features[:, : parts * high, : parts * wide]
    features = ops.reshape(features, (-1, parts, high, parts, wide, channels))
    features = ops.transpose(features, (0, 1, 3, 2, 4, 5))
    features = ops.reshape(features, (-1, high, wide, channels))
    shape = -1, parts * parts, channels
    return (
        ops.reshape(gram_matrix(features), (*shape, channels)),
        ops.reshape(mean_features(features), shape),
    )


def covariances(
    grams: Mapping[Any, Any], means: Mapping[Any, Any]
) -> dict[Any, Any]:
    """Covariances over positions, over C: G - 0.99 m m^T / C, of each layer.

    `means` {layer: (batch, c)} are m; of quarters, (batch, 4, c). Features
    behind a rectifier are far from 0, so that their means are most of a Gram
    matrix; covariances hold what varies from place to place (second moments as
    in Sun, Saenko 2016, eq. 1). A hundredth of the means stays, as a painting
    of one colour has no covariance to be relative to.
    """
    return {
        name: grams[name]
        - 0.99 * mean[..., :, None] * mean[..., None, :] / mean.shape[-1]
        for name, mean in means.items()
    }


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

    {(scale, layer): (batch, h, w, channels)}, the pictures' own scale 0. The
    layer `COLORS` is the picture itself.
    """
    found: dict[tuple[int, str], Any] = {}
    for scale in range(scales):
        features = {COLORS: pictures, **network(pictures)}
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


def with_colors(
    loss: Callable[[Mapping, Mapping], Any], share: float
) -> Callable[[Mapping, Mapping], Any]:
    """`loss` of which the layer `COLORS` has a share, the others the rest."""

    def shared(grams: Mapping[Any, Any], targets: Mapping[Any, Any]) -> Any:
        colors = {key: targets[key] for key in targets if key[1] == COLORS}
        features = {key: targets[key] for key in targets if key not in colors}
        return share * loss(grams, colors) + (1 - share) * loss(grams, features)

    return shared
