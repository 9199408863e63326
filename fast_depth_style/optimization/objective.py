"""What a picture is judged by while it is optimized: value and gradient."""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from fast_depth_style.losses import content, depth, pixels, style
from fast_depth_style.optimization.masks import feature_mask
from fast_depth_style.optimization.matting_laplacian import (
    matting_laplacian,
    photorealism,
)
from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.optimization.terms import Terms
from fast_depth_style.perception.depth_estimator import DepthEstimator
from fast_depth_style.requests import RequestError

_UNIT = 127.5  # that of tv and range in training's relative scale


@dataclasses.dataclass(frozen=True, eq=False)
class Judgement:
    """What was found at one picture.

    Attributes:
        loss: The weighted sum of the terms.
        terms: {term: unweighted value}.
        gradient: (height, width, 3) float64, of the loss by grey levels.
    """

    loss: float
    terms: dict[str, float]
    gradient: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class _Region:
    """A part of the picture and the style that it is to have."""

    weight: float
    targets: dict
    masks: dict | None


class PictureObjective:
    """The terms of one picture at one size: those of training, and more.

    Gatys et al. 2015 (eq. 7), in training's relative scale, with the depth
    term of Xu, Zhang, Yang 2017 (eq. 4) and the photorealism term and the
    regional styles of Luan et al. 2017 (eq. 2 to 4). Terms whose weight is 0
    are not computed.

    Unlike in training the depth term's gradient is not limited: a line search
    needs the gradient of the very value that it sees.

    Several paintings without masks make one style, the weighted mean of their
    Gram matrices, because sum_k w_k |G - G_k|^2 with sum_k w_k = 1 is
    |G - sum_k w_k G_k|^2 plus a constant. With masks each painting's style
    goes to its own region, whose term counts by its share of the picture.
    """

    def __init__(
        self,
        settings: OptimizationSettings,
        perceptual: keras.Model,
        estimator: DepthEstimator | None,
        photo: np.ndarray,
        paintings: Sequence[np.ndarray],
        content_masks: Sequence[np.ndarray] | None = None,
        style_masks: Sequence[np.ndarray] | None = None,
    ):
        """Computes the targets.

        Args:
            settings: Weights and layers.
            perceptual: Gives the features of `settings.layers` and
                `settings.content_layer`.
            estimator: The depth network, where depth counts.
            photo: (height, width, 3) uint8.
            paintings: (h, w, 3) uint8 each, at their sizes.
            content_masks: (height, width) uint8 each, one per painting; they
                add up to at most 255.
            style_masks: (h, w) uint8 each, of the paintings' sizes.

        Raises:
            RequestError: A mask leaves nothing to compare.
        """
        self._terms = Terms(settings.term_weights())
        self._settings = settings
        self._perceptual = perceptual
        self._estimator = estimator if "depth" in self._terms.terms else None
        photos = _batch(photo)
        features = perceptual(photos)
        self._content = features[settings.content_layer]
        self._regions = self._make_regions(
            self._style_features(photos, features),
            paintings,
            content_masks,
            style_masks,
        )
        if self._estimator is not None:
            self._depth_map, self._depth_features = self._estimator.outputs(
                photos
            )
        self._laplacian = None
        if "photorealism" in self._terms.terms:
            self._laplacian = matting_laplacian(photo)
        self._compiled = tf.function(self._terms_and_gradient)

    def __call__(self, picture: np.ndarray) -> Judgement:
        """Judges a picture.

        Args:
            picture: (height, width, 3) RGB in 0..255, of the photo's size;
                values may leave the range.
        """
        terms, gradient = self._compiled(_batch(picture))
        found = {name: float(value) for name, value in terms.items()}
        gradient = gradient[0].numpy().astype(np.float64)
        if self._laplacian is not None:
            found["photorealism"], slope = photorealism(
                self._laplacian, picture
            )
            gradient += self._terms.weights["photorealism"] * slope
        return Judgement(self._terms.total(found), found, gradient)

    def _terms_and_gradient(self, pictures):
        """The terms that networks and pixels give, and their gradient."""
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            found = self._compute(pictures)
            total = sum(
                weight * found[name]
                for name, weight in self._terms.weights.items()
                if name in found
            )
        return found, tape.gradient(total, pictures)

    def _compute(self, pictures):
        found, wanted = {}, self._terms.terms
        features = self._perceptual(pictures)
        if "style" in wanted:
            found["style"] = self._style(
                self._style_features(pictures, features)
            )
        if "content" in wanted:
            found["content"] = content.relative_content_loss(
                features[self._settings.content_layer], self._content
            )
        if self._estimator is not None:
            found["depth"] = self._depth(pictures)
        if "tv" in wanted:
            found["tv"] = pixels.total_variation(pictures) / _UNIT**2
        if "range" in wanted:
            found["range"] = pixels.out_of_range(pictures) / _UNIT**2
        return found

    def _style(self, features):
        return sum(
            region.weight
            * style.relative_style_loss(
                self._grams(features, region.masks), region.targets
            )
            for region in self._regions
        )

    def _depth(self, pictures):
        maps, features = self._estimator.outputs(pictures)
        if not features:
            return depth.relative_depth_loss(maps, self._depth_map)
        return depth.depth_feature_loss(features, self._depth_features)

    def _style_features(self, pictures, features=None):
        """{(scale, layer): features}; `features` are the first scale's."""
        return style.scaled_features(
            self._perceptual,
            pictures,
            self._settings.layers,
            self._settings.style_scales,
            features,
        )

    def _grams(self, features, masks=None):
        grams = {}
        for key, found in features.items():
            if masks is not None:
                found = found * masks[key]
            grams[key] = style.gram_matrix(found)
        return grams

    def _make_regions(
        self, photo_features, paintings, content_masks, style_masks
    ):
        """One region, or one for each content mask."""
        targets = []
        for index, painting in enumerate(paintings):
            features = self._style_features(_batch(painting))
            masks = None
            if style_masks:
                masks = _feature_masks(
                    style_masks[index], features, f"style mask {index + 1}"
                )
            targets.append(self._grams(features, masks))
        weights = [weight for _, weight in self._settings.paintings()]
        if not content_masks:
            mean = {
                key: sum(
                    weight * grams[key]
                    for weight, grams in zip(weights, targets, strict=True)
                )
                for key in photo_features
            }
            return [_Region(1.0, mean, None)]
        return [
            _Region(
                weight * len(weights) * float(mask.mean()) / 255.0,
                grams,
                _feature_masks(mask, photo_features, f"content mask {index}"),
            )
            for index, (weight, grams, mask) in enumerate(
                zip(weights, targets, content_masks, strict=True), 1
            )
        ]


def _feature_masks(mask, features, name):
    masks = {
        key: feature_mask(mask, tuple(each.shape[1:3]))
        for key, each in features.items()
    }
    for (_, layer), found in masks.items():
        if not found.any():
            raise RequestError(
                f"{name} covers nothing at {layer}: paint more of it white"
            )
    return masks


def _batch(picture):
    return ops.convert_to_tensor(picture[None], "float32")
