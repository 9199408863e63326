"""Style: the distance of Gram matrices (Gatys, Ecker, Bethge 2015)."""

import keras
from keras import ops


def gram_matrix(features):
    """Gram matrix of features, G = F^T F / (H W C).

    Johnson et al. 2016, eq. 3.

    Args:
        features: (batch, height, width, channels), any float type. bfloat16
            features are multiplied as they are; a CPU that can takes a fourth
            of the time. The sums are float32 on the way and rounded to
            bfloat16, by 0.2 % at most, at the end.

    Returns:
        (batch, channels, channels) float32, symmetric.
    """
    _, height, width, channels = ops.shape(features)
    flat = ops.reshape(features, (-1, height * width, channels))
    # Not float16, whose range sums of squares leave.
    if keras.backend.standardize_dtype(flat.dtype) != "bfloat16":
        flat = ops.cast(flat, "float32")
    return _inner_products(flat) / ops.cast(
        height * width * channels, "float32"
    )


@ops.custom_gradient
def _inner_products(flat):
    """X^T X of (batch, pixels, channels): (batch, channels, channels) float32.

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


def scaled_features(network, pictures, layers, scales, features=None):
    """Features of pictures at several scales, each half the one before.

    Args:
        network: From pictures to {layer: features}.
        pictures: (batch, height, width, 3).
        layers: Which of the network's are wanted.
        scales: How many.
        features: What the network gives of `pictures`, where it is at hand.

    Returns:
        {(scale, layer): (batch, h, w, channels)}, the pictures' own scale 0.
    """
    found = {}
    for scale in range(scales):
        if scale:
            # Without strides, it fails under JAX.
            pictures = ops.average_pool(pictures, 2, strides=2)
        if scale or features is None:
            features = network(pictures)
        found |= {(scale, layer): features[layer] for layer in layers}
    return found


def style_loss(grams, targets):
    """Sum over layers of the mean squared Gram difference.

    Johnson et al. 2016, eq. 4, in the scale of the `stanford` preset.

    Args:
        grams: {layer: (batch, c, c)} of the picture.
        targets: {layer: (1, c, c)} of the painting; its keys are what counts.

    Returns:
        Scalar, mean over the batch; grows with the fourth power of contrast.
    """
    return sum(
        ops.mean(ops.square(grams[name] - target))
        for name, target in targets.items()
    )


def relative_style_loss(grams, targets):
    """Mean over layers of |G(y) - G(s)|^2 / |G(s)|^2.

    1.0 is what a black feature map costs; every layer counts the same.

    Args:
        grams: {layer: (batch, c, c)} of the picture.
        targets: {layer: (1, c, c)} of the painting; its keys are what counts.

    Returns:
        Scalar, mean over the batch.
    """
    terms = []
    for name, target in targets.items():
        error = ops.sum(ops.square(grams[name] - target), axis=(1, 2))
        terms.append(ops.mean(error) / ops.sum(ops.square(target)))
    return sum(terms) / len(terms)
