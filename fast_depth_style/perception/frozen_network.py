"""Base class of frozen networks."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops


class FrozenNetwork(keras.Model):
    """A network whose weights are given and never change.

    Data format and dtype are explicit, whatever ~/.keras/keras.json says. A
    perceptual network's call gives {layer name: (batch, h, w, channels)
    features in the compute dtype}, of the layers `layer_names`, shallowest
    first.
    """

    layer_names: tuple[str, ...] = ()

    def __init__(
        self,
        convolutions: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
        **kwargs: Any,
    ):
        """Takes {name: (kernel (h, w, in, out), bias (out,))}.

        `kwargs` go to `keras.Model`; `dtype` is by default float32.
        """
        # No autocast: rounding a picture to bfloat16 first would cost most.
        kwargs = {"dtype": "float32", **kwargs}
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
            for name, arrays in (convolutions or {}).items()
        }
        self.built = True

    def _convolve(
        self,
        x: Any,
        name: str,
        strides: int = 1,
        padding: str = "same",
        activation: Callable[[Any], Any] | None = ops.relu,
        depthwise: bool = False,
    ) -> Any:
        """Convolves `x` in its type with the weights of that name."""
        kernel, bias = (ops.cast(w, x.dtype) for w in self._convolutions[name])
        convolution = ops.depthwise_conv if depthwise else ops.conv
        x = convolution(
            x, kernel, strides, padding, data_format="channels_last"
        )
        return activation(x + bias) if activation else x + bias


def resize_bilinear(pictures: Any, size: tuple[int, int]) -> Any:
    """Resizes (batch, height, width, channels) to (height, width) `size`.

    By plain bilinear interpolation: the gradient of every other resize
    (nearest, bicubic, area, antialiased) fails to compile under XLA. XLA of
    TensorFlow 2.21 resizes from 64 or 192 to 320, and from 32 or 96 to 224,
    wrongly; compact depth and FastDepth must not be compiled for those sizes.
    """
    if tuple(pictures.shape[1:3]) == tuple(size):
        return pictures
    return ops.image.resize(
        pictures,
        size,
        interpolation="bilinear",
        antialias=False,
        data_format="channels_last",
    )
