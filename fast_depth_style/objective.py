"""The objective that training, optimization and evaluation share."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from fast_depth_style.losses import content, depth, pixels, style
from fast_depth_style.objective_settings import ObjectiveSettings
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.perception.random_views import RandomViews

Tensor = Any
"""A tensor of the backend of Keras."""


@dataclasses.dataclass(frozen=True, eq=False)
class StyleTarget:
    """The style that a part of the picture is to have.

    The weights of all targets add up to 1. By (scale, layer), Gram matrices are
    (1, c, c), means (1, c), and masks, (1, h, w, 1), say where it counts.
    """

    weight: float
    grams: Mapping[tuple[int, str], Tensor]
    means: Mapping[tuple[int, str], Tensor]
    masks: Mapping[tuple[int, str], Tensor] | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class PictureTargets:
    """Gram targets and factors of style and depth of each picture of a batch.

    By (scale, layer), Gram matrices are (batch, c, c), means of features
    (batch, c). Factors are (batch,); that of depth holds for the limit of its
    gradient, too.
    """

    grams: Mapping[tuple[int, str], Tensor]
    means: Mapping[tuple[int, str], Tensor]
    style: Tensor
    depth: Tensor


class Objective(keras.layers.Layer):
    """Weighted sum of style, content, depth and pixel terms.

    Johnson et al. 2016 (eq. 2 to 5), the depth term of Xu, Zhang, Yang 2017
    (eq. 4), and in training the regression on a teacher's picture (Ba, Caruana
    2014, eq. 1). By default every term is relative to the size of its target,
    so that one set of weights suits any painting and any network. A term of
    weight 0 is not computed; `terms` is {term: weight} of those that are.
    """

    def __init__(
        self,
        settings: ObjectiveSettings,
        perceptual: keras.Model | None,
        estimator: DepthEstimator | None,
        styles: Sequence[StyleTarget],
        distills: bool = False,
        teacher_variance: float = 1.0,
        depth_schedule: Callable[[Any], Any] | None = None,
        seed: int = 0,
        compiler: Callable[[Callable], Callable] = lambda function: function,
    ):
        """Creates the objective.

        Terms of a network that is None are left out.

        Args:
            settings: Weights, layers and balance.
            perceptual: Gives features for style and content.
            estimator: The depth network.
            styles: From `style_target`.
            distills: Whether a teacher's pictures are learned.
            teacher_variance: What the distillation term is divided by: the
                variance of the painting in squared grey levels.
            depth_schedule: From the step to the factor of the depth weight.
            seed: Of the random views of the depth network.
            compiler: Makes a faster function of one without networks.
        """
        super().__init__(trainable=False, autocast=False, dtype="float32")
        self.settings = settings
        self._perceptual: Any = perceptual
        self._estimator: Any = estimator
        self._styles = styles
        self._teacher_variance = teacher_variance
        self._depth_schedule = depth_schedule
        networks = {
            "style": perceptual,
            "content": perceptual,
            "depth": estimator,
            "distillation": distills or None,
        }
        self.terms = {
            name: weight
            for name, weight in settings.weights().items()
            if networks.get(name, True) is not None
        }
        views = RandomViews(seed)
        self._recolor = compiler(views.recolor)
        self._zoom = compiler(views.zoom)
        self._pixel_terms = compiler(self._compute_pixel_terms)
        self.built = True

    def targets(
        self,
        photos: Tensor,
        step: Any = 0,
        per_picture: PictureTargets | None = None,
        taught: Tensor | None = None,
    ) -> dict[str, Any]:
        """Targets of the losses for these photos, without a gradient.

        `photos` are (batch, height, width, 3) float32 RGB in 0..255; the depth
        network's zoom follows `step`. Without `per_picture` all pictures have
        the style of the constructor, and depth in full. `taught` are a
        teacher's pictures.
        """
        photos = ops.stop_gradient(photos)
        found: dict[str, Any] = {"photos": photos}
        if per_picture is not None:
            found |= {
                "grams": per_picture.grams,
                "means": per_picture.means,
                "style_factor": per_picture.style,
                "depth_factor": per_picture.depth,
            }
        if "content" in self.terms:
            scaled = style.halved(photos, self.settings.content_scale)
            layer = self.settings.resolved_content_layer()
            found["content"] = self._perceptual(scaled)[layer]
        if "distillation" in self.terms:
            found["taught"] = ops.clip(taught, 0.0, 255.0)
        if "depth" in self.terms:
            if self.settings.depth_views:
                photos = self._zoom(photos, step)
            found["depth"] = self._estimator.outputs(photos)
        return keras.tree.map_structure(ops.stop_gradient, found)

    def call(
        self, pictures: Tensor, targets: Mapping[str, Any], step: Any = 0
    ) -> dict[str, Tensor]:
        """{term: float32 scalar} of pictures in about 0..255, unweighted.

        Style and depth of each picture are multiplied by its factors.
        """
        found = self._style_and_content(pictures, targets)
        if "distillation" in self.terms:
            error = pixels.squared_difference(pictures, targets["taught"])
            found["distillation"] = error / self._teacher_variance
        if "depth" in self.terms:
            found["depth"] = self._depth(pictures, targets, step)
        found |= self._pixel_terms(pictures)
        return {name: found[name] for name in self.terms if name in found}

    def total(self, terms: Mapping[str, Any], step: Any = 0) -> Any:
        """The weighted sum of `terms` at a step."""
        return sum(
            self._weight(name, step) * term for name, term in terms.items()
        )

    def shares(
        self, terms: Mapping[str, Any], step: int = 0
    ) -> dict[str, float]:
        """Each term's weighted share of the total, adding up to 1."""
        weighted = {
            name: float(self._weight(name, step)) * float(terms[name])
            for name in self.terms
        }
        total = sum(weighted.values()) or 1.0
        return {name: value / total for name, value in weighted.items()}

    def _weight(self, name: str, step: Any) -> Any:
        weight = self.terms[name]
        if name == "depth" and self._depth_schedule is not None:
            return weight * self._depth_schedule(step)
        return weight

    def _style_and_content(self, pictures, targets):
        found: dict[str, Tensor] = {}
        settings = self.settings
        layers = settings.compared_in_style()
        scaled: dict[tuple[int, str], Tensor] = {}
        if "style" in self.terms:
            loss: Callable[..., Any] = style.style_loss
            if settings.relative_losses:
                loss = style.relative_style_loss
            if settings.style_colors:
                loss = style.with_colors(loss, settings.style_colors)
            scaled = style.scaled_features(
                self._perceptual,
                pictures,
                {*layers, *settings.layers()},
                settings.style_scales,
            )
            seen = {key: scaled[key] for key in scaled if key[1] in layers}
            styles = self._styles or [
                StyleTarget(1.0, targets["grams"], targets["means"])
            ]
            losses = sum(
                each.weight * self._compare_styles(loss, seen, each)
                for each in styles
            )
            found["style"] = ops.mean(targets.get("style_factor", 1.0) * losses)
        if "content" in self.terms:
            compare = content.content_loss
            if settings.relative_losses:
                compare = content.relative_content_loss
            scale = settings.content_scale
            layer = settings.resolved_content_layer()
            features = scaled.get((scale, layer))
            if features is None:
                smaller = style.halved(pictures, scale)
                features = self._perceptual(smaller)[layer]
            found["content"] = ops.mean(compare(features, targets["content"]))
        return found

    def _compare_styles(self, loss, features, target):
        if target.masks is not None:
            return loss(_gram_matrices(features, target.masks), target.grams)
        wanted = target.grams, target.means
        evenness = self.settings.style_evenness
        if not evenness:
            whole = _gram_matrices(features), _means(features)
            return self._compare_statistics(loss, whole, wanted)
        both = {
            key: style.quarter_statistics(each)
            for key, each in features.items()
        }
        quarters = tuple(
            {key: each[which] for key, each in both.items()} for which in (0, 1)
        )
        whole = keras.tree.map_structure(
            lambda each: ops.mean(each, axis=1), quarters
        )
        each = keras.tree.map_structure(lambda target: target[:, None], wanted)
        # |mean of G - T|^2 + evenness (mean of |G - mean of G|^2).
        return (1 - evenness) * self._compare_statistics(
            loss, whole, wanted
        ) + evenness * self._compare_statistics(loss, quarters, each)

    def _compare_statistics(self, loss, found, wanted):
        """Of Gram matrices and means, by these and by covariances."""
        share = self.settings.style_covariance
        compared = loss(found[0], wanted[0])
        if share:
            compared = (1 - share) * compared + share * loss(
                style.covariances(*found), style.covariances(*wanted)
            )
        return compared

    def _depth(self, pictures, targets, step):
        settings, target = self.settings, targets["depth"]
        factor = targets.get("depth_factor", 1.0)
        if settings.depth_gradient_limit:
            batch, height, width, _ = pictures.shape
            limit = settings.depth_gradient_limit * self._weight("depth", step)
            limit = limit / (batch * (height * width) ** 0.5)
            if "depth_factor" in targets:
                limit = limit * factor[:, None, None, None]
            pictures = depth.limit_gradient(pictures, limit)
        if settings.depth_views:
            pictures = self._zoom(self._recolor(pictures, step), step)
        maps, features = self._estimator.outputs(pictures)
        wanted, wanted_features = target
        if not settings.relative_losses:
            return depth.raw_depth_loss(
                maps[0], wanted[0], self._estimator.is_metric
            )
        # The features carry the gradient; the map says most directly when a
        # shallow scene is taken for a deep one.
        loss = depth.depth_feature_loss(
            _depth_layers(maps, features, settings.depth_features),
            _depth_layers(wanted, wanted_features, settings.depth_features),
        )
        loss += depth.depth_gradient_loss(maps, wanted)
        return ops.mean(factor * loss)

    def _compute_pixel_terms(self, pictures):
        unit = 127.5 if self.settings.relative_losses else 1.0
        terms = {
            "tv": lambda: pixels.total_variation(pictures),
            "lattice": lambda: pixels.lattice(pictures),
            "range": lambda: pixels.out_of_range(pictures),
        }
        return {
            name: compute() / unit**2
            for name, compute in terms.items()
            if name in self.terms
        }


def style_target(
    settings: ObjectiveSettings,
    perceptual: keras.Model,
    painting: Any,
    weight: float = 1.0,
    painting_masks: Mapping[tuple[int, str], Tensor] | None = None,
    masks: Mapping[tuple[int, str], Tensor] | None = None,
) -> StyleTarget:
    """Gram matrices and means of a painting at the settings' scales and layers.

    It is (height, width, 3) RGB in 0..255, at the size at which its strokes are
    to be learned. Masks, {(scale, layer): (1, h, w, 1)}, say which part of the
    painting counts, and which part of the picture is to have this style.
    """
    pictures = ops.convert_to_tensor(painting, "float32")[None]
    scaled = style.scaled_features(
        perceptual,
        pictures,
        settings.compared_in_style(),
        settings.style_scales,
    )
    grams, means = keras.tree.map_structure(
        ops.convert_to_numpy,
        (_gram_matrices(scaled, painting_masks), _means(scaled)),
    )
    return StyleTarget(weight, grams, means, masks)


def _depth_layers(maps, features, with_features):
    layers = [each[..., None] for each in maps]
    return [*layers, *features] if with_features else layers


def _gram_matrices(scaled, masks=None):
    if masks is not None:
        scaled = {key: found * masks[key] for key, found in scaled.items()}
    return {key: style.gram_matrix(found) for key, found in scaled.items()}


def _means(scaled):
    return {key: style.mean_features(found) for key, found in scaled.items()}
