"""The image transformation network: a photo in, a painting out."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from fast_depth_style.networks import DIALS, MARGIN, STRIDE
from fast_depth_style.networks.layers import (
    FewFiltersConv2D,
    InstanceNormalization,
    ReflectionConv2D,
    UpsamplingConv2D,
)


class ImageTransformationNetwork(keras.Model):
    """Johnson's network with conditional instance normalization.

    Johnson, Alahi, Fei-Fei 2016 (supplement, table 1), with instance instead
    of batch normalization (Ulyanov 2016). All convolutions are shared; a style
    is the vector of all scales and shifts (Dumoulin, Shlens, Kudlur 2017). The
    network keeps a table of them: of each style a base and what each dial adds
    to it.

    A picture is extended by its reflection, `MARGIN` pixels wide, and the
    painting cut back: convolutions reflect features at their border, which
    shows as a crease, and that is cut off.

    The output is linear, `127.5 + 50 t`, not a tanh: a saturated tanh has no
    gradient, so a region that training once drives into it stays black for
    ever. The range penalty of the training objective keeps the values near
    0..255.

    Attributes:
        convs: All convolutions but the last, in order.
        norms: The normalization after each of them.
        paint: The last convolution, to colours.
        styles: Names of the styles in the table, in order.
        dials: Whether they have `DIALS`.
        vector_size: Numbers of a style vector: for each normalization in order
            the scales, then the shifts, of its channels.
        table: Variable (styles, 1 or 1 + number of dials, vector_size).
    """

    def __init__(
        self,
        width: float = 1.0,
        blocks: int = 5,
        styles: Sequence[str] = ("style",),
        dials: bool = False,
        kernels: str = "portable",
        **kwargs: Any,
    ):
        """Creates the network.

        Args:
            width: Multiplier of every channel count; 1.0 is 1.68 M parameters.
            blocks: Number of residual blocks.
            styles: Names of the styles in the table.
            dials: Whether its styles have `DIALS`.
            kernels: One of `layers.KERNELS`; no part of the configuration, for
                it changes neither weights nor results.
            **kwargs: For `keras.Model`; `dtype`, float32 by default, holds for
                every layer.
        """
        # Pictures stay float32 until they are centred on 0.
        super().__init__(autocast=False, **{"dtype": "float32", **kwargs})
        self.width, self.blocks = width, blocks
        self.styles, self.dials = tuple(styles), dials
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
        self.vector_size = 2 * sum(conv.filters for conv in self.convs)

    def build(self, input_shape: Any = (None, None, None, 3)) -> None:
        """Creates all weights; a style's vector at first has scales of 1."""
        channels = input_shape[-1]
        for conv in self.convs:
            conv.build((None, None, None, channels))
            channels = conv.filters
        self.paint.build((None, None, None, channels))
        rows = 1 + len(DIALS) * self.dials
        self.table = self.add_weight(
            (len(self.styles), rows, self.vector_size),
            self._plain_vectors,
            name="table",
        )
        self.built = True

    def _plain_vectors(self, shape: Any, dtype: Any) -> Any:
        parts = []
        for conv in self.convs:
            parts += [ops.ones(conv.filters), ops.zeros(conv.filters)]
        base = ops.broadcast_to(ops.concatenate(parts), (shape[0], 1, shape[2]))
        added = ops.zeros((shape[0], shape[1] - 1, shape[2]))
        return ops.cast(ops.concatenate([base, added], axis=1), dtype)

    def vectors(self, styles: Any, dials: Any = None) -> Any:
        """Style vectors: sum over styles s of w_s (base_s + sum_d d row_s,d).

        From (batch, styles) weights w, and (batch, 2) values of `DIALS` where
        the styles have them, to (batch, vector_size) float32.
        """
        rows = ops.cast(ops.tensordot(styles, self.table, 1), "float32")
        if not self.dials:
            return rows[:, 0]
        return rows[:, 0] + ops.sum(dials[:, :, None] * rows[:, 1:], axis=1)

    def call(self, pictures: Any, vectors: Any = None) -> Any:
        """Stylizes (batch, height, width, 3) float32 RGB in 0..255.

        From 16 pixels a side. The result is float32 of the same shape, about
        0..255: clip where bytes are made. The vectors are (batch or 1,
        vector_size); by default those of the first style, its dials at 0.
        """
        return self._run(pictures, self._parts(vectors))

    def stylize_crop(self, crops: Any, vectors: Any = None) -> Any:
        """What `call` does, without extending them first: for training.

        Height and width are multiples of 4.
        """
        return self._paint(crops, self._parts(vectors), _own)

    def stylize_regions(self, pictures: Any, vectors: Any, masks: Any) -> Any:
        """Stylizes each region of pictures with its own vector.

        The vectors of k regions are (k, vector_size); masks, (batch, height,
        width, k), add up to 1 at every pixel. All else is as in `call`.
        """
        return self._run(pictures, self._parts(vectors, masks))

    def statistics(
        self, patches: Any, vectors: Any = None, masks: Any = None
    ) -> Any:
        """Normalization statistics of one picture, pooled over its patches.

        Because of instance normalization, a tile comes out unlike the same
        place in the whole picture; with the statistics of the whole, it does
        not. From (n, height, width, 3) float32 RGB in 0..255 to float32 means
        and variances, (2, channels of all normalizations). Vectors and masks
        are those of `call`, or of `stylize_regions`.

        A single picture's margin counts, as it does in `call`. Margins of
        several patches do not: they would be most of what is counted.
        """
        found = []
        number, height = ops.shape(patches)[:2]
        height += 2 * MARGIN + -height % STRIDE
        several = ops.minimum(number - 1, 1)

        def pooled(norm, x, *style):
            lines, columns = ops.shape(x)[1:3]
            cut = several * (MARGIN * lines // height)
            inside = x[:, cut : lines - cut, cut : columns - cut]
            statistics = norm.statistics(inside, pooled=True)
            found.append(ops.reshape(ops.stack(statistics), (2, -1)))
            return norm(x, *style, statistics)

        self._run(patches, self._parts(vectors, masks), pooled)
        return ops.concatenate(found, axis=1)

    def stylize_tile(
        self,
        tiles: Any,
        statistics: Any,
        vectors: Any = None,
        masks: Any = None,
    ) -> Any:
        """Stylizes tiles with the `statistics` of the picture they are from.

        All else is as in `call`, or in `stylize_regions`. Pixels within
        `RECEPTIVE_RADIUS` of a cut edge differ from the whole picture's: cut
        with a halo and drop it.
        """
        parts = self._by_layer(statistics)

        def given(norm, x, *style):
            return _normalized(norm, x, style, next(parts))

        return self._run(tiles, self._parts(vectors, masks), given)

    def stylize_frame(
        self,
        frames: Any,
        statistics: Any,
        kept: Any,
        vectors: Any = None,
        masks: Any = None,
    ) -> tuple[Any, Any]:
        """Stylizes a frame with statistics between given ones and its own.

        Each normalization takes kept * given + (1 - kept) * own, `kept` a
        scalar in 0..1. Given are those of the frame before, from here or from
        `statistics`; all else is as in `stylize_tile`, of one frame.

        Returns:
            The painted frame, and the statistics that it was painted with.
        """
        found, parts = [], self._by_layer(statistics)

        def eased(norm, x, *style):
            own = ops.reshape(ops.stack(norm.statistics(x)), (2, -1))
            part = kept * next(parts) + (1.0 - kept) * own
            found.append(part)
            return _normalized(norm, x, style, part)

        painted = self._run(frames, self._parts(vectors, masks), eased)
        return painted, ops.concatenate(found, axis=1)

    def _parts(self, vectors, masks=None):
        """Scale, shift and masks of each normalization."""
        if vectors is None:
            vectors = ops.cast(self.table[:1, 0], "float32")
        pairs = self._split(vectors)
        if masks is None:
            return [(*pair, None) for pair in pairs]
        masks = [_extended(ops.cast(masks, "float32"))]
        for _ in range(2):
            masks.append(ops.average_pool(masks[-1], 2, 2))
        # Regions come first: (regions, batch, height, width, 1).
        masks = [ops.moveaxis(each, -1, 0)[..., None] for each in masks]
        levels = [0, 1, *[2] * (1 + 2 * self.blocks), 1, 0]
        return [
            (*pair, masks[level])
            for level, pair in zip(levels, pairs, strict=True)
        ]

    def _split(self, vectors):
        """(scale, shift), each (batch, 1, 1, channels), per normalization."""
        pairs, start = [], 0
        for conv in self.convs:
            ends = [start + i * conv.filters for i in range(3)]
            start = ends[-1]
            pairs.append(
                tuple(
                    vectors[:, None, None, ends[i] : ends[i + 1]]
                    for i in range(2)
                )
            )
        return pairs

    def _by_layer(self, statistics):
        """The (2, channels) of each normalization."""
        start = 0
        for conv in self.convs:
            yield statistics[:, start : start + conv.filters]
            start += conv.filters

    def _run(self, pictures, parts, normalize=None):
        height, width = ops.shape(pictures)[1:3]
        x = self._paint(_extended(pictures), parts, normalize or _own)
        return x[:, MARGIN : MARGIN + height, MARGIN : MARGIN + width]

    def _paint(
        self,
        x: Any,
        parts: Sequence[tuple[Any, Any, Any]],
        normalize: Callable[..., Any],
    ) -> Any:
        """Paints pictures whose sides are multiples of 4."""
        x = ops.cast(x / 127.5 - 1.0, self.compute_dtype)
        layers = iter(zip(self.convs, self.norms, parts, strict=True))

        def layer(x):
            conv, norm, style = next(layers)
            return normalize(norm, conv(x), *style)

        for _ in range(3):
            x = ops.relu(layer(x))
        for _ in range(self.blocks):
            x = x + layer(ops.relu(layer(x)))
        for _ in range(2):
            x = ops.relu(layer(x))
        return ops.cast(self.paint(x), "float32") * 50.0 + 127.5

    def freeze_convolutions(self) -> None:
        """Leaves nothing but the style vectors to be trained."""
        for layer in (*self.convs, self.paint):
            layer.trainable = False

    def named_weights(self) -> dict[str, Any]:
        """{layer/weight: NumPy array} of all weights, in a fixed order."""
        return {
            weight.path.partition("/")[2]: ops.convert_to_numpy(weight)
            for weight in self.variables
        }

    def get_config(self) -> dict[str, Any]:
        """Returns what the constructor needs to make this network again."""
        return {
            "width": self.width,
            "blocks": self.blocks,
            "styles": [*self.styles],
            "dials": self.dials,
        }


def _own(norm: Any, x: Any, *style: Any) -> Any:
    """Normalization with a picture's own statistics."""
    return norm(x, *style)


def _normalized(norm: Any, x: Any, style: Any, statistics: Any) -> Any:
    """Normalization with (2, channels) given statistics."""
    found = ops.reshape(statistics, (2, 1, 1, 1, -1))
    return norm(x, *style, (found[0], found[1]))


def _extended(x: Any) -> Any:
    """Extends pictures by reflection: a margin, up to multiples of the stride.

    As often as a side is shorter than its margin.
    """
    for axis in (1, 2):
        size = ops.shape(x)[axis]
        missing = -size % STRIDE
        lines = ops.arange(-MARGIN, size + missing + MARGIN)
        lines = ops.mod(lines, 2 * (size - 1))
        lines = ops.minimum(lines, 2 * (size - 1) - lines)
        x = ops.take(x, lines, axis=axis)
    return x
