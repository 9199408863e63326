"""Depth: the distance of two depth maps, or of a depth network's features.

Xu, Zhang, Yang 2017, section 3.3: the squared difference between the depth
estimated from the photo and from the stylized picture (eq. 4), in any layer of
the depth network.
"""

from keras import ops

CENTIMETRES = 100.0
"""Metres are compared in centimetres: the report leaves its unit open, and
beside its content term (about 5.6e6 after the weight 7.5) 200 x squared metres
would be invisible, while 200 x (70 cm)^2 is about 1e6."""


def align(depth, target):
    """Scales and shifts `depth` to fit `target`, by least squares per map.

    Eigen 2014's alignment with a shift, as for MiDaS (Ranftl et al. 2020,
    eq. 4): min over (s, t) of sum (s depth + t - target)^2.

    Args:
        depth: (batch, h, w).
        target: (batch, h, w).

    Returns:
        (batch, h, w) s depth + t. A constant `depth` becomes the target's
        mean.
    """
    axes = (1, 2)
    mean = ops.mean(depth, axis=axes, keepdims=True)
    target_mean = ops.mean(target, axis=axes, keepdims=True)
    centred = depth - mean
    covariance = ops.mean(
        centred * (target - target_mean), axis=axes, keepdims=True
    )
    variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)
    return covariance / (variance + 1e-12) * centred + target_mean


def raw_depth_loss(depth, target, is_metric: bool):
    """Mean squared difference as it is, the report's eq. 4.

    Args:
        depth: (batch, h, w) of the stylized picture.
        target: (batch, h, w) of the photo.
        is_metric: Whether the maps are metres, to be compared in centimetres;
            relative inverse depth is compared in its own unit.

    Returns:
        Scalar.
    """
    unit = CENTIMETRES if is_metric else 1.0
    return ops.mean(ops.square(unit * (depth - target)))


def aligned_depth_loss(depth, target):
    """Mean squared difference after `align`, over the target's variance.

    0 where the layout of the scene is kept, up to scale and shift; 1 where
    nothing of it is left.

    Args:
        depth: (batch, h, w) of the stylized picture.
        target: (batch, h, w) of the photo.

    Returns:
        Scalar, mean over the batch.
    """
    error = ops.mean(ops.square(align(depth, target) - target), axis=(1, 2))
    return ops.mean(error / (ops.var(target, axis=(1, 2)) + 1e-6))


def relative_depth_loss(depth, target):
    """|D(y) - D(x)|^2 / |D(x)|^2 of each map, mean over the batch.

    Over the map's power, not its variance: a flat scene has almost none, and
    would decide the gradient alone.

    Args:
        depth: (batch, h, w) of the stylized picture.
        target: (batch, h, w) of the photo.

    Returns:
        Scalar.
    """
    return depth_feature_loss([depth[..., None]], [target[..., None]])


def depth_feature_loss(features, targets):
    """Mean over layers and pictures of |D_l(y) - D_l(x)|^2 / |D_l(x)|^2.

    The report's eq. 4 allows any layer; Liu et al. 2017 use features. They
    carry a gradient where the last map, a single channel after many
    rectifiers, carries little.

    Args:
        features: list of (batch, h, w, c) of the stylized picture.
        targets: list of the same shapes, of the photo.

    Returns:
        float32 scalar, mean over the batch.
    """
    terms = []
    for feature, target in zip(features, targets, strict=True):
        target = ops.cast(target, "float32")
        feature = ops.cast(feature, "float32")
        error = ops.mean(ops.square(feature - target), axis=(1, 2, 3))
        power = ops.mean(ops.square(target), axis=(1, 2, 3))
        terms.append(ops.mean(error / (power + 1e-6)))
    return sum(terms) / len(terms)
