"""An identity whose gradient is limited, picture by picture."""

from typing import Any

from keras import ops


def limit_gradient(pictures: Any, limit: Any) -> Any:
    """Returns `pictures`; shortens the gradient g of each to norm `limit`.

    g min(1, limit / |g|): clipping by norm (Pascanu et al. 2013, algorithm 1),
    of (batch, height, width, channels) in place of weights; the limit is a
    scalar, or (batch, 1, 1, 1). Where depth matters
    at all, a depth network's gradient at a stylized picture is tens of times
    longer than that of all other terms together, in random directions. Its
    direction, at a length comparable with theirs, does improve depth.
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
