"""The terms that training minimizes, and their weights."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from fast_depth_style.losses import content, depth, pixels, style
from fast_depth_style.losses.gradient_limit import limit_gradient
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.training.random_views import RandomViews, RandomZoom
from fast_depth_style.training.settings import Settings

_DEPTH_GRADIENT = 0.05
"""Norm that the depth term's gradient is limited to at depth weight 1, for a
batch of one picture of one pixel; it falls with the batch and the root of the
pixels, as that of all other terms does, which is about this long once a style
has been learned (measured: 0.04 to 0.08)."""


class Objective(keras.layers.Layer):
    """What training minimizes: the terms of a stylized batch.

    They are style, content, distillation, depth, total variation, lattice,
    border and range.

    Johnson et al. 2016 (eq. 2 to 5) and the depth term of Xu, Zhang, Yang
    2017 (eq. 4). In the "raw" scale of the `stanford` preset every term is a
    mean squared difference; in the "relative" scale of the others every term
    is relative to what it compares with, so that one set of weights suits any
    painting and any network.

    Depth waits until the picture has a style, `settings.depth_from`: in front
    of an untrained network's noise a depth network has nothing to say, and what
    it says keeps the style from being learned.

    Distillation is the mean squared difference to the picture that a teacher,
    a larger network already trained, makes of the photo. It is relative to the
    variance of the painting, not of the teacher's picture: flat scenes would
    outweigh all others.

    Attributes:
        settings: Weights, layers and scale.
        terms: Names of the terms, in the order in which they are shown.
    """

    def __init__(
        self,
        settings: Settings,
        perceptual: keras.Model | None,
        estimator: DepthEstimator | None,
        painting,
        teacher: keras.Model | None = None,
    ):
        """Creates the objective.

        Args:
            settings: Weights, layers and scale.
            perceptual: Gives the features of `settings.style_layers` and
                `settings.content_layer`; None trains without style and
                content, on a teacher alone.
            estimator: The depth network; None trains without depth.
            painting: (height, width, 3) RGB in 0..255.
            teacher: Maps photos to the pictures to be learned; None trains
                without distillation.
        """
        super().__init__(trainable=False, autocast=False, dtype="float32")
        self.settings = settings
        self._perceptual = perceptual
        self._estimator = estimator
        self._relative = settings.loss_scale == "relative"
        self._views = RandomViews(settings.seed)
        self._zoom = RandomZoom(settings.seed)
        self._teacher = teacher
        self._variance = float(np.var(painting, axis=(0, 1)).mean())
        self._targets = {}
        if perceptual is not None:
            painting = ops.cast(painting, "float32")[None]
            grams = self._grams(painting, perceptual(painting))
            self._targets = {
                key: ops.convert_to_numpy(gram) for key, gram in grams.items()
            }
        needs = {
            "style": perceptual,
            "content": perceptual,
            "distillation": teacher,
            "depth": estimator,
        }
        self.terms = (
            *(name for name, need in needs.items() if need is not None),
            "tv",
            "lattice",
            "border",
            "range",
        )
        self.built = True

    def compile_pixels(self, compiler: Callable):
        """Compiles what is done to pixels, and not by networks.

        Args:
            compiler: Makes a faster function of a function of tensors.
        """
        self._views = compiler(self._views)
        self._zoom = compiler(self._zoom)
        self._pixel_terms = compiler(self._pixel_terms)

    def term_weights(self, step) -> dict:
        """{term: weight} of a step, counted from 0."""
        weights = {
            name: getattr(self.settings, f"{name}_weight")
            for name in self.terms
        }
        if "depth" in weights:
            weights["depth"] *= self._depth_ramp(step)
        return weights

    def call(self, photos, pictures, step):
        """Computes the unweighted terms.

        Args:
            photos: (batch, height, width, 3) float32 RGB in 0..255.
            pictures: The same, stylized.
            step: Steps done so far.

        Returns:
            {term: float32 scalar}.
        """
        terms = {}
        if self._perceptual is not None:
            terms |= self._style_and_content(photos, pictures)
        if self._teacher is not None:
            target = ops.clip(self._teacher(photos), 0.0, 255.0)
            terms["distillation"] = (
                pixels.squared_difference(pictures, ops.stop_gradient(target))
                / self._variance
            )
        if self._estimator is not None:
            terms["depth"] = self._depth(photos, pictures, step)
        return terms | self._pixel_terms(photos, pictures)

    def total(self, terms, step):
        """The weighted sum of `terms` at a step."""
        return sum(
            w * terms[name] for name, w in self.term_weights(step).items()
        )

    def shares(self, terms, step: int) -> dict[str, float]:
        """Each term's weighted share of the total, adding up to 1."""
        weighted = {
            name: float(weight) * float(terms[name])
            for name, weight in self.term_weights(step).items()
        }
        total = sum(weighted.values()) or 1.0
        return {name: value / total for name, value in weighted.items()}

    def _style_and_content(self, photos, pictures):
        layer = self.settings.content_layer
        target = ops.stop_gradient(self._perceptual(photos)[layer])
        features = self._perceptual(pictures)
        grams = self._grams(pictures, features)
        if self._relative:
            style_term = style.relative_style_loss(grams, self._targets)
            content_term = content.relative_content_loss(
                features[layer], target
            )
        else:
            style_term = style.style_loss(grams, self._targets)
            content_term = content.content_loss(features[layer], target)
        return {"style": style_term, "content": content_term}

    def _pixel_terms(self, photos, pictures):
        # Raw grey levels in both scales would differ by their square alone.
        unit = 127.5 if self._relative else 1.0
        terms = {
            "tv": pixels.total_variation(pictures),
            "lattice": pixels.lattice(pictures),
            "border": pixels.border(pictures, photos),
            "range": pixels.out_of_range(pictures),
        }
        return {name: term / unit**2 for name, term in terms.items()}

    def _grams(self, pictures, features):
        """{(scale, layer): Gram matrices}; `features` are the first scale's."""
        scaled = style.scaled_features(
            self._perceptual,
            pictures,
            self.settings.style_layers,
            self.settings.style_scales,
            features,
        )
        return {key: style.gram_matrix(each) for key, each in scaled.items()}

    def _depth_ramp(self, step):
        """0 before the depth term's turn, 1 a tenth of the run later."""
        start = self.settings.depth_from
        if not start:
            return 1.0
        if isinstance(step, int):  # For the log: no device is to be asked.
            ramp = (step / self.settings.steps - start) / 0.1
            return min(max(ramp, 0.0), 1.0)
        done = ops.cast(step, "float32") / self.settings.steps
        return ops.clip((done - start) / 0.1, 0.0, 1.0)

    def _depth(self, photos, pictures, step):
        if self._relative:
            batch, height, width, _ = pictures.shape
            pictures = limit_gradient(
                pictures,
                _DEPTH_GRADIENT
                * self.term_weights(step)["depth"]
                / (batch * (height * width) ** 0.5),
            )
            pictures = self._views(pictures, step)
            pictures, photos = self._zoom(pictures, photos, step)
        maps, features = self._estimator.outputs(pictures)
        target_maps, target_features = self._estimator.outputs(photos)
        if self._relative:
            # The features carry the gradient; the map says most directly
            # when a shallow scene is taken for a deep one.
            return depth.depth_feature_loss(
                _layers(maps, features),
                [
                    ops.stop_gradient(layer)
                    for layer in _layers(target_maps, target_features)
                ],
            )
        return depth.raw_depth_loss(
            maps, ops.stop_gradient(target_maps), self._estimator.is_metric
        )


def _layers(maps, features):
    """The map of a network, as of one channel, and its features.

    An ensemble has its networks' maps among the features.
    """
    return features if maps is None else [maps[..., None], *features]
