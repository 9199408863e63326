"""Depth: the distance of two depth maps, or of a depth network's features.

Xu, Zhang, Yang 2017, section 3.3: the squared difference between the depth
estimated from the photo and from the stylized picture (eq. 4), in any layer of
the depth network; the difference of the maps' gradients; and a limit of the
gradient of both.
"""

from collections.abc import Sequence
from typing import Any

from keras import ops

from fast_depth_style.losses.style import halved

_MAP_SCALES = 4
"""Scales at which gradients of depth maps are compared (Ranftl et al. 2020)."""


def raw_depth_loss(depth: Any, target: Any, is_metric: bool) -> Any:
    """Mean (D(y) - D(x))^2 of (batch, h, w) maps: Xu, Zhang, Yang 2017, eq. 4.

    The report does not give its unit. Metres (`is_metric`) are compared in
    centimetres, relative inverse depth in its own unit.
    """
    # Its content term is about 5.6e6 after the weight 7.5. Beside it 200
    # squared metres are nothing, 200 (70 cm)^2 about 1e6.
    unit = 100.0 if is_metric else 1.0
    return ops.mean(ops.square(unit * (depth - target)))


def depth_feature_loss(features: Sequence[Any], targets: Sequence[Any]) -> Any:
    """Mean over layers l of |D_l(y) - D_l(x)|^2 / |D_l(x)|^2, (batch,).

    Eq. 4 in any layer, (batch, h, w, c) each; Liu et al. 2017 use features.
    They carry a gradient where the last map, a single channel after many
    rectifiers, carries little. Over the power, not the variance: a flat scene
    has almost none, and would decide the gradient alone.
    """
    terms = []
    for feature, target in zip(features, targets, strict=True):
        target = ops.cast(target, "float32")
        difference = ops.cast(feature, "float32") - target
        error = ops.mean(ops.square(difference), axis=(1, 2, 3))
        power = ops.mean(ops.square(target), axis=(1, 2, 3))
        terms.append(error / (power + 1e-6))
    return sum(terms) / len(terms)


def depth_gradient_loss(maps: Sequence[Any], targets: Sequence[Any]) -> Any:
    """Mean over four scales of |grad(D(y) - D(x))| / |grad D(x)|, (batch,).

    Ranftl et al. 2020, eq. 11, relative to the photo's map, over the maps,
    (batch, h, w), of each network. It sees layers and their edges, and not how
    far away the whole scene is.
    """
    terms = []
    for depth, target in zip(maps, targets, strict=True):
        wanted = ops.cast(target, "float32")[..., None]
        wrong = ops.cast(depth, "float32")[..., None] - wanted
        for _ in range(_MAP_SCALES):
            # Of a very small map, fewer; a Hub module may not tell its size.
            if any(side is not None and side < 2 for side in wanted.shape[1:3]):
                break
            terms.append(_steepness(wrong) / (_steepness(wanted) + 1e-3))
            wrong, wanted = halved(wrong, 1), halved(wanted, 1)
    return sum(terms) / len(terms)


def _steepness(maps):
    """Mean size of the differences of neighbours in x plus that in y."""
    axes = (1, 2, 3)
    down = ops.mean(ops.abs(maps[:, 1:] - maps[:, :-1]), axis=axes)
    across = ops.mean(ops.abs(maps[:, :, 1:] - maps[:, :, :-1]), axis=axes)
    return down + across


def limit_gradient(pictures: Any, limit: Any) -> Any:
    """Returns `pictures`; shortens the gradient g of each to norm `limit`.

    g min(1, limit / |g|): clipping by norm (Pascanu et al. 2013, algorithm 1),
    of (batch, height, width, channels) in place of weights; the limit is a
    scalar, or (batch, 1, 1, 1). Where depth matters at all, a depth network's
    gradient at a stylized picture is tens of times longer than that of all
    other terms together, in random directions. Its direction, at a length
    comparable with theirs, does improve depth.
    """

    @ops.custom_gradient
    def limited(x, limit):
        def gradient(*arguments, upstream=None):
            if upstream is None:
                (upstream,) = arguments
            square = ops.sum(
                ops.square(upstream), axis=(1, 2, 3), keepdims=True
            )
            scale = ops.minimum(1.0, limit / ops.sqrt(square + 1e-20))
            return upstream * scale, ops.zeros_like(limit)

        return x, gradient

    return limited(pictures, ops.cast(limit, "float32"))
