"""The image transformation network: a photo in, a painting out."""

import keras
from keras import ops

from fast_depth_style.networks.convolutions import (
    FewFiltersConv2D,
    ReflectionConv2D,
    UpsamplingConv2D,
)
from fast_depth_style.networks.instance_norm import InstanceNormalization

RECEPTIVE_RADIUS = 57
"""Pixels around a pixel that its colour depends on, statistics aside."""

_STRIDE = 4


class Transformer(keras.Model):
    """Johnson's network with instance normalization.

    Johnson, Alahi, Fei-Fei 2016 (supplement, table 1), with instance instead
    of batch normalization (Ulyanov 2016), reflection padding throughout and
    resize-convolutions. The output is linear, `127.5 + 50 t`, not a tanh: a
    saturated tanh has no gradient, so a region that training once drives into
    it stays a black blob for ever. What keeps the values near 0..255 instead
    is the range penalty of the training objective.
    """

    def __init__(self, width: float = 1.0, blocks: int = 5, **kwargs):
        """Creates the network.

        Args:
            width: Multiplier of every channel count; 1.0 is 1.68 M parameters.
            blocks: Number of residual blocks.
            **kwargs: Passed on to `keras.Model`; `dtype` holds for every layer.

        Raises:
            ValueError: `width` is so small that a layer has no channel.
        """
        # Pictures stay float32 until they are centred on 0.
        super().__init__(autocast=False, **kwargs)
        self.width = width
        self.blocks = blocks
        c = [round(n * width) for n in (32, 64, 128)]
        if min(c) < 1:
            raise ValueError(f"width {width} leaves a layer without channels")
        policy = {"dtype": self.dtype_policy}
        self.convs = [
            ReflectionConv2D(c[0], 9, name="down0", **policy),
            ReflectionConv2D(c[1], 3, 2, name="down1", **policy),
            ReflectionConv2D(c[2], 3, 2, name="down2", **policy),
        ]
        self.convs += [
            ReflectionConv2D(c[2], 3, name=f"block{i}{half}", **policy)
            for i in range(blocks)
            for half in "ab"
        ]
        self.convs.append(UpsamplingConv2D(c[1], name="up1", **policy))
        self.convs.append(UpsamplingConv2D(c[0], name="up0", **policy))
        self.norms = [
            InstanceNormalization(name=f"{conv.name}_norm", **policy)
            for conv in self.convs
        ]
        self.paint = FewFiltersConv2D(3, 9, name="paint", **policy)

    def build(self, input_shape=(None, None, None, 3)):
        """Creates all weights."""
        channels = input_shape[-1]
        for conv, norm in zip(self.convs, self.norms, strict=True):
            conv.build((None, None, None, channels))
            channels = conv.filters
            norm.build((None, None, None, channels))
        self.paint.build((None, None, None, channels))
        self.built = True

    def call(self, pictures):
        """Stylizes.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255, height
                and width from 16 pixels up.

        Returns:
            The same shape, float32, about 0..255: clip where bytes are made.
        """
        return self._run(pictures, lambda i, norm, x: norm(x))

    def statistics(self, patches):
        """Normalization statistics of a picture from patches of it.

        Instance normalization is what makes a tile differ from the same place
        in the whole picture; with the statistics of the whole, tiles agree.

        Args:
            patches: (n, height, width, 3) float32 RGB in 0..255, patches of
                one picture at its own resolution.

        Returns:
            (2, channels of all normalizations) float32: means, variances,
            pooled over all patches.
        """
        means, variances = [], []

        def pooled(i, norm, x):
            mean, variance = norm.statistics(x, pooled=True)
            means.append(ops.reshape(mean, (-1,)))
            variances.append(ops.reshape(variance, (-1,)))
            return norm(x, (mean, variance))

        self._run(pictures=patches, normalize=pooled)
        return ops.stack([ops.concatenate(means), ops.concatenate(variances)])

    def stylize_tile(self, tiles, statistics):
        """Stylizes tiles with the statistics of the picture they are from.

        Args:
            tiles: (batch, height, width, 3) float32 RGB in 0..255. Pixels
                within `RECEPTIVE_RADIUS` of a cut edge differ from the whole
                picture's; cut with a halo and drop it.
            statistics: (2, channels), from `statistics`.

        Returns:
            The shape of `tiles`, float32, about 0..255.
        """
        starts = [0]
        for conv in self.convs:
            starts.append(starts[-1] + conv.filters)

        def given(i, norm, x):
            part = statistics[:, starts[i] : starts[i + 1]]
            part = ops.reshape(part, (2, 1, 1, 1, -1))
            return norm(x, (part[0], part[1]))

        return self._run(tiles, given)

    def _run(self, pictures, normalize):
        height, width = ops.shape(pictures)[1:3]
        x = _reflect_to_stride(_reflect_to_stride(pictures, 1), 2)
        x = ops.cast(x / 127.5 - 1.0, self.compute_dtype)
        step = 0

        def layer(x):
            nonlocal step
            x = self.convs[step](x)
            x = normalize(step, self.norms[step], x)
            step += 1
            return x

        for _ in range(3):
            x = ops.relu(layer(x))
        for _ in range(self.blocks):
            x = x + layer(ops.relu(layer(x)))
        for _ in range(2):
            x = ops.relu(layer(x))
        x = ops.cast(self.paint(x), "float32") * 50.0 + 127.5
        return x[:, :height, :width]

    def get_config(self):
        """Returns what the constructor needs to make this network again."""
        return {"width": self.width, "blocks": self.blocks}


def _reflect_to_stride(x, axis):
    """Extends `axis` by reflection to the next multiple of the stride."""
    size = ops.shape(x)[axis]
    if isinstance(size, int) and size % _STRIDE == 0:
        return x
    padded = (size + _STRIDE - 1) // _STRIDE * _STRIDE
    mirror = slice(-_STRIDE, -1)
    if axis == 1:
        tail = ops.flip(x[:, mirror], axis)
        return ops.concatenate([x, tail], axis)[:, :padded]
    tail = ops.flip(x[:, :, mirror], axis)
    return ops.concatenate([x, tail], axis)[:, :, :padded]
