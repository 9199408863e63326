"""What the compact perceptual network learns by: regression on VGG19."""

import numpy as np
from keras import ops

from fast_depth_style.distillation.principal_components import LAYERS
from fast_depth_style.losses.style import gram_matrix


def regression_loss(student, targets, gram_weight: float, change_weight: float):
    """How far the student's features are from their targets.

    Every term is relative to the power of its target, picture by picture:
    features to their variance over the picture plus a tenth of their power,
    Gram matrices to their squared norm, changes to their power.

    Args:
        student: {layer: (2 n, h, w, components)}; the second half are the
            disturbed pictures of the first.
        targets: The same of the teacher.
        gram_weight: Weight of the Gram matrices.
        change_weight: Weight of the changes.

    Returns:
        Scalar, and the (layers, 3) unweighted terms: feature, Gram, change.
    """
    rows = []
    for name in LAYERS:
        features = ops.cast(student[name], "float32")
        error = features - targets[name]
        power = _mean_square(targets[name])
        mean = ops.mean(targets[name], axis=(1, 2), keepdims=True)
        variance = power - _mean_square(mean)
        feature = _mean_square(error) / (variance + 0.1 * power + 1e-6)
        gram, wanted = gram_matrix(features), gram_matrix(targets[name])
        gram = ops.sum((gram - wanted) ** 2, axis=(1, 2)) / ops.sum(
            wanted**2, axis=(1, 2)
        )
        first, second = ops.split(error, 2)
        before, after = ops.split(targets[name], 2)
        change = _mean_square(second - first) / (
            _mean_square(after - before) + 1e-3 * ops.split(power, 2)[0]
        )
        rows.append(ops.stack([ops.mean(x) for x in (feature, gram, change)]))
    terms = ops.stack(rows)
    weights = np.array([1.0, gram_weight, change_weight], "float32")
    return ops.sum(ops.mean(terms, axis=0) * weights), terms


def _mean_square(maps):
    return ops.mean(maps**2, axis=(1, 2, 3))
