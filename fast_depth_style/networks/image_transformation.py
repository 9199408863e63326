"""The image transformation network: a photo in, a painting out."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from fast_depth_style.networks.layers import (
    FewFiltersConv2D,
    InstanceNormalization,
    ReflectionConv2D,
    UpsamplingConv2D,
)

RECEPTIVE_RADIUS = 57
"""Pixels around a pixel that its colour depends on, statistics aside."""

_STRIDE = 4


class ImageTransformationNetwork(keras.Model):
    """Johnson's network with instance normalization.

    Johnson, Alahi, Fei-Fei 2016 (supplement, table 1), with instance instead
    of batch normalization (Ulyanov 2016), reflection padding throughout and
    resize-convolutions. The output is linear, `127.5 + 50 t`, not a tanh: a
    saturated tanh has no gradient, so a region that training once drives into
    it stays black for ever. The range penalty of the training objective keeps
    the values near 0..255.

    Attributes:
        convs: All convolutions but the last, in order.
        norms: The normalization after each of them.
        paint: The last convolution, to colours.
    """

    def __init__(
        self,
        width: float = 1.0,
        blocks: int = 5,
        kernels: str = "portable",
        **kwargs: Any,
    ):
        """Creates the network.

        Args:
            width: Multiplier of every channel count; 1.0 is 1.68 M parameters.
            blocks: Number of residual blocks.
            kernels: One of `layers.KERNELS`; no part of the configuration, for
                it changes neither weights nor results.
            **kwargs: For `keras.Model`; `dtype`, float32 by default, holds for
                every layer.
        """
        # Pictures stay float32 until they are centred on 0.
        super().__init__(autocast=False, **{"dtype": "float32", **kwargs})
        self.width, self.blocks = width, blocks
        c0, c1, c2 = (round(n * width) for n in (32, 64, 128))
        if c0 < 1:
            raise ValueError(f"width {width} leaves a layer without channels")
        options = {"dtype": self.dtype_policy, "kernels": kernels}
        self.convs = [
            ReflectionConv2D(c0, 9, name="down0", **options),
            ReflectionConv2D(c1, 3, 2, name="down1", **options),
            ReflectionConv2D(c2, 3, 2, name="down2", **options),
            *(
                ReflectionConv2D(c2, 3, name=f"block{i}{half}", **options)
                for i in range(blocks)
                for half in "ab"
            ),
            UpsamplingConv2D(c1, name="up1", **options),
            UpsamplingConv2D(c0, name="up0", **options),
        ]
        self.norms = [
            InstanceNormalization(name=f"{conv.name}_norm", **options)
            for conv in self.convs
        ]
        self.paint = FewFiltersConv2D(3, 9, name="paint", **options)

    def build(self, input_shape: Any = (None, None, None, 3)) -> None:
        """Creates all weights."""
        channels = input_shape[-1]
        for conv, norm in zip(self.convs, self.norms, strict=True):
            conv.build((None, None, None, channels))
            channels = conv.filters
            norm.build((None, None, None, channels))
        self.paint.build((None, None, None, channels))
        self.built = True

    def call(self, pictures: Any) -> Any:
        """Stylizes (batch, height, width, 3) float32 RGB in 0..255.

        From 16 pixels a side. The result is float32 of the same shape, about
        0..255: clip where bytes are made.
        """
        return self._run(pictures, lambda norm, x: norm(x))

    def statistics(self, patches: Any) -> Any:
        """Normalization statistics of one picture, pooled over its patches.

        Because of instance normalization, a tile comes out unlike the same
        place in the whole picture; with the statistics of the whole, it does
        not. From (n, height, width, 3) float32 RGB in 0..255 to float32 means
        and variances, (2, channels of all normalizations).
        """
        found = []

        def pooled(norm, x):
            statistics = norm.statistics(x, pooled=True)
            found.append(ops.reshape(ops.stack(statistics), (2, -1)))
            return norm(x, statistics)

        self._run(patches, pooled)
        return ops.concatenate(found, axis=1)

    def stylize_tile(self, tiles: Any, statistics: Any) -> Any:
        """Stylizes tiles with the `statistics` of the picture they are from.

        Shapes and ranges are those of `call`. Pixels within `RECEPTIVE_RADIUS`
        of a cut edge differ from the whole picture's: cut with a halo and drop
        it.
        """
        start = 0

        def given(norm, x):
            nonlocal start
            part = statistics[:, start : start + x.shape[-1]]
            start += x.shape[-1]
            part = ops.reshape(part, (2, 1, 1, 1, -1))
            return norm(x, (part[0], part[1]))

        return self._run(tiles, given)

    def _run(self, pictures: Any, normalize: Callable[[Any, Any], Any]) -> Any:
        height, width = ops.shape(pictures)[1:3]
        x = _reflect_to_stride(pictures)
        x = ops.cast(x / 127.5 - 1.0, self.compute_dtype)
        layers = iter(zip(self.convs, self.norms, strict=True))

        def layer(x):
            conv, norm = next(layers)
            return normalize(norm, conv(x))

        for _ in range(3):
            x = ops.relu(layer(x))
        for _ in range(self.blocks):
            x = x + layer(ops.relu(layer(x)))
        for _ in range(2):
            x = ops.relu(layer(x))
        x = ops.cast(self.paint(x), "float32") * 50.0 + 127.5
        return x[:, :height, :width]

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor needs to make this network again."""
        return {"width": self.width, "blocks": self.blocks}


def _reflect_to_stride(x: Any) -> Any:
    """Extends height and width by reflection to multiples of the stride."""
    for axis in (1, 2):
        size = ops.shape(x)[axis]
        if isinstance(size, int) and size % _STRIDE == 0:
            continue
        padded = (size + _STRIDE - 1) // _STRIDE * _STRIDE
        leading = (slice(None),) * axis
        tail = ops.flip(x[(*leading, slice(-_STRIDE, -1))], axis)
        x = ops.concatenate([x, tail], axis)[(*leading, slice(padded))]
    return x
