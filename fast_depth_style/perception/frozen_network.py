"""What networks of plain pretrained convolutions have in common."""

from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

_MEAN_BGR = (103.939, 116.779, 123.68)


def caffe_input(pictures):
    """BGR less the mean colour of ImageNet, as Caffe's networks were fed.

    Args:
        pictures: (batch, height, width, 3) float32 RGB in 0..255.

    Returns:
        (batch, height, width, 3) float32 BGR, about -124..151.
    """
    return ops.flip(pictures, -1) - ops.array(_MEAN_BGR, "float32")


class FrozenNetwork(keras.Model):
    """A network whose convolutions are given and never change.

    Attributes:
        layer_names: The layers it returns, shallowest first; a subclass sets
            them.
    """

    layer_names: tuple[str, ...] = ()

    def __init__(
        self,
        convolutions: Mapping[str, tuple[np.ndarray, np.ndarray]],
        **kwargs,
    ):
        """Takes the weights.

        Args:
            convolutions: {name: (kernel (h, w, in, out), bias (out,))}.
            **kwargs: Passed on to `keras.Model`; `dtype` is what it computes
                in.
        """
        # No autocast: rounding a picture to bfloat16 first would cost most.
        super().__init__(trainable=False, autocast=False, **kwargs)
        self._convolutions = {
            name: [
                self.add_weight(
                    shape=array.shape,
                    initializer=keras.initializers.Constant(array),
                    trainable=False,
                    name=f"{name}_{kind}".replace("/", "_"),
                )
                for array, kind in zip(arrays, ("kernel", "bias"), strict=True)
            ]
            for name, arrays in convolutions.items()
        }
        self.built = True

    def convolve(self, x, name: str, strides: int = 1, padding: str = "same"):
        """A convolution of `x` in its type, and ReLU."""
        kernel, bias = self._convolutions[name]
        x = ops.conv(x, ops.cast(kernel, x.dtype), strides, padding)
        return ops.relu(x + ops.cast(bias, x.dtype))
