"""Content: the distance of features (Johnson et al. 2016, eq. 2).

`features` F(y) are the picture's and `targets` F(x) the photo's, both
(batch, h, w, c). Losses are float32.
"""

from typing import Any

from keras import ops


def content_loss(features: Any, targets: Any) -> Any:
    """Mean (F(y) - F(x))^2, eq. 2, in the scale of the `stanford` preset."""
    difference = ops.cast(features, "float32") - ops.cast(targets, "float32")
    return ops.mean(ops.square(difference))


def relative_content_loss(features: Any, targets: Any) -> Any:
    """|F(y) - F(x)|^2 / |F(x)|^2 of each picture, (batch,).

    Eq. 2 relative to the photo's own features: a black feature map costs 1.
    """
    features = ops.cast(features, "float32")
    targets = ops.cast(targets, "float32")
    error = ops.mean(ops.square(features - targets), axis=(1, 2, 3))
    power = ops.mean(ops.square(targets), axis=(1, 2, 3))
    return error / (power + 1e-6)
