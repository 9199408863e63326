"""What every depth network declares, whatever it is built on."""

import keras
from keras import ops


class DepthEstimator(keras.Model):
    """A frozen network that estimates depth from pictures.

    Subclasses implement `outputs`; `call` and `features` follow from it.

    Attributes:
        quantity: "depth" (grows with distance) or "inverse_depth" (grows with
            nearness).
        is_metric: Whether the values are metres (or 1/metre); where not, they
            are known only up to a scale and a shift per picture.
    """

    quantity = "depth"
    is_metric = False

    def __init__(self, **kwargs):
        """Creates a frozen model; `kwargs` go to `keras.Model`."""
        # Pictures stay float32 until they are resized and normalized.
        super().__init__(trainable=False, autocast=False, **kwargs)

    def outputs(self, pictures) -> tuple:
        """Depth and features, computed once; what subclasses implement.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            The map of `call` and the list of `features`.
        """
        raise NotImplementedError(f"{type(self).__name__}.outputs")

    def call(self, pictures):
        """Estimates depth.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            (batch, h, w) float32 map at the estimator's own resolution.
        """
        return self.outputs(pictures)[0]

    def features(self, pictures) -> list:
        """Intermediate features, finest last, for a depth feature loss.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            (batch, h, w, channels) float32 tensors; empty where the network
            shows none (a TF-Hub module).
        """
        return self.outputs(pictures)[1]

    def _add_constant(self, values, name):
        return self.add_weight(
            shape=values.shape,
            initializer=keras.initializers.Constant(values),
            trainable=False,
            name=name,
        )


def resize_bilinear(pictures, size: tuple[int, int]):
    """Resizes by plain bilinear interpolation.

    The gradient of every other resize (nearest, bicubic, area, antialiased)
    fails to compile under XLA.

    Args:
        pictures: (batch, height, width, channels).
        size: Height and width wanted.

    Returns:
        (batch, *size, channels), the pictures themselves if they have that
        size already.
    """
    if tuple(pictures.shape[1:3]) == tuple(size):
        return pictures
    return ops.image.resize(
        pictures, size, interpolation="bilinear", antialias=False
    )
