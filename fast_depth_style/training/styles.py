"""Conditioning of each training picture: style weights and dials.

Loss-conditional training (Dosovitskiy, Djolonga 2020): the network learns a
whole family of objectives, as each picture draws its own.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from fast_depth_style.images.size import fit_short_side
from fast_depth_style.objective import PictureTargets, style_target
from fast_depth_style.objective_settings import ObjectiveSettings

STROKE_SIZES = 5
"""Sizes at which a painting with a stroke dial is seen."""


def draw(seed: int, count: int, styles: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws style weights and dials of the first `count` pictures of a run.

    Returns:
        float32 weights of the styles, (count, styles), and dials, (count, 2).
        Of as many pictures in a row as there are styles, each has another.
        Half of the dials are 0 or 1, the others anywhere between.
    """
    words = np.random.SeedSequence((seed, 2)).spawn(2)
    # Raw bits, as in `content.source`: they never change.
    order, dials = (np.random.PCG64(word) for word in words)
    blocks = -(-count // styles)
    raw = order.random_raw(blocks * styles).reshape(blocks, styles)
    chosen = raw.argsort(axis=1, kind="stable").reshape(-1)[:count]
    uniform = (dials.random_raw(2 * count) >> np.uint64(11)) * 2.0**-53
    values = np.clip(2.0 * uniform - 0.5, 0.0, 1.0).reshape(count, 2)
    return np.eye(styles, dtype="float32")[chosen], values.astype("float32")


class PaintingGrams(keras.layers.Layer):
    """Gram matrices and means of paintings, each seen at one or several sizes.

    Larger sizes show a network of the same receptive field broader strokes.
    Where the weight of style is 0 no painting is looked at.
    """

    def __init__(
        self,
        settings: ObjectiveSettings,
        perceptual: keras.Model | None,
        paintings: Sequence[np.ndarray],
        smallest: Sequence[int],
        stroke_range: float = 1.0,
        style_rise: float | None = None,
    ):
        """Computes them.

        Args:
            settings: Layers, scales and the weight of style.
            perceptual: Gives the features, where style has a weight.
            paintings: (height, width, 3) uint8 RGB each.
            smallest: Short side in pixels at which a painting is seen for
                stroke dial 0: one for all, or one for each.
            stroke_range: How many times as large for 1; sizes between are
                interpolated. At 1 there is no such dial.
            style_rise: By how much the weight of style rises, from 1, with the
                depth dial. None where there is no such dial.
        """
        super().__init__(trainable=False, autocast=False, dtype="float32")
        self._style_rise = style_rise
        self.sizes = 1 if stroke_range == 1.0 else STROKE_SIZES
        exponents = np.linspace(0.0, 1.0, self.sizes)
        sizes = [*smallest] * (len(paintings) if len(smallest) == 1 else 1)
        self.grams: dict[tuple[int, str], np.ndarray] = {}
        self.means: dict[tuple[int, str], np.ndarray] = {}
        if settings.style_weight and perceptual is not None:
            seen = [
                style_target(
                    settings,
                    perceptual,
                    fit_short_side(painting, round(size * stroke_range**e)),
                )
                for painting, size in zip(paintings, sizes, strict=True)
                for e in exponents
            ]
            self.grams, self.means = keras.tree.map_structure(
                lambda *rows: np.concatenate(rows),
                *((target.grams, target.means) for target in seen),
            )
        self.built = True

    def call(self, styles: Any, dials: Any) -> PictureTargets:
        """Gram targets and factors of (batch, styles) weights and dials."""
        dials = ops.cast(dials, "float32")
        place = dials[:, 1:] * (self.sizes - 1)
        near = ops.relu(1.0 - ops.abs(place - np.arange(self.sizes)))
        weights = ops.cast(styles, "float32")[:, :, None] * near[:, None, :]
        weights = ops.reshape(weights, (-1, styles.shape[-1] * self.sizes))
        grams, means = keras.tree.map_structure(
            lambda table: ops.tensordot(
                weights, ops.convert_to_tensor(table), 1
            ),
            (self.grams, self.means),
        )
        depth = dials[:, 0]
        if self._style_rise is None:
            full = ops.ones_like(depth)
            return PictureTargets(grams, means, full, full)
        rise = 1.0 + self._style_rise * depth
        return PictureTargets(grams, means, rise, depth)
