"""An identity whose gradient is limited, picture by picture."""

from keras import ops


def limit_gradient(pictures, limit):
    """Returns `pictures`; limits the norm of the gradient that flows back.

    A depth network's gradient at a stylized picture is mostly roughness: for
    the weights that make depth matter it is tens of times longer than that of
    all other terms together, in random directions, and training drowns in it.
    Its direction, at a length comparable with the others', does improve depth.

    Args:
        pictures: (batch, height, width, channels).
        limit: Largest Euclidean norm of one picture's gradient.

    Returns:
        `pictures`, unchanged.
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
