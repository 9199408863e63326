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
    """Sum |F(x)|^2 |F(y) - F(x)|^2 / sum |F(x)|^4 of each picture, (batch,).

    Eq. 2 relative to the photo's own features, each position weighted by them:
    what the photo shows is kept, and its even skies and walls are free for
    strokes. A black feature map costs 1.
    """
    features = ops.cast(features, "float32")
    targets = ops.cast(targets, "float32")
    error = ops.mean(ops.square(features - targets), axis=3)
    power = ops.mean(ops.square(targets), axis=3)
    weighted = ops.mean(power * error, axis=(1, 2))
    return weighted / (ops.mean(ops.square(power), axis=(1, 2)) + 1e-6)
