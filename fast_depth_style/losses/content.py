"""Content: the distance of features (Johnson et al. 2016, eq. 2)."""

from keras import ops


def content_loss(features, targets):
    """Mean squared difference, in the scale of the `stanford` preset.

    Args:
        features: (batch, h, w, c) of the picture.
        targets: (batch, h, w, c) of the photo.

    Returns:
        float32 scalar.
    """
    difference = ops.cast(features, "float32") - ops.cast(targets, "float32")
    return ops.mean(ops.square(difference))


def relative_content_loss(features, targets):
    """|F(y) - F(x)|^2 / |F(x)|^2 of each picture, mean over the batch.

    Args:
        features: (batch, h, w, c) of the picture.
        targets: (batch, h, w, c) of the photo.

    Returns:
        float32 scalar; 1.0 is what a black feature map costs.
    """
    features = ops.cast(features, "float32")
    targets = ops.cast(targets, "float32")
    error = ops.mean(ops.square(features - targets), axis=(1, 2, 3))
    power = ops.mean(ops.square(targets), axis=(1, 2, 3))
    return ops.mean(error / (power + 1e-6))
