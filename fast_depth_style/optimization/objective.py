"""Loss and gradient of one picture by its pixels."""

import dataclasses
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from fast_depth_style.errors import MissingExtraError
from fast_depth_style.losses.style import scaled_features
from fast_depth_style.objective import Objective, StyleTarget, style_target
from fast_depth_style.optimization.inputs import Inputs, feature_masks
from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.perception.depth_estimator import DepthEstimator


@dataclasses.dataclass(frozen=True, eq=False)
class LossValue:
    """The weighted sum of the terms, each term alone, its weighted share.

    The gradient is (height, width, 3) float64, by grey levels.
    """

    loss: float
    terms: dict[str, float]
    shares: dict[str, float]
    gradient: np.ndarray


class PictureObjective:
    """The objective of training at one picture, and the photorealism term.

    Gatys et al. 2015 (eq. 7) with the depth term of Xu, Zhang, Yang 2017
    (eq. 4), and the photorealism term and the regional styles of Luan et al.
    2017 (eq. 2 to 4).

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
        inputs: Inputs,
    ):
        """Computes what the picture is compared with.

        `inputs` come from `Inputs.scaled`; a mask that leaves nothing to
        compare is refused.
        """
        self._settings = settings
        self._perceptual = perceptual
        styles = self._styles(inputs) if settings.style_weight else []
        self._objective = Objective(settings, perceptual, estimator, styles)
        self._targets = self._objective.targets(_batch(inputs.photo))
        self._laplacian = None
        if settings.photorealism_weight:
            self._laplacian = matting_laplacian(inputs.photo)
        self._compiled = tf.function(self._terms_and_gradient)

    def __call__(self, picture: np.ndarray) -> LossValue:
        """Loss and gradient of a (height, width, 3) picture in about 0..255."""
        terms, gradient = self._compiled(_batch(picture))
        found = {name: float(value) for name, value in terms.items()}
        gradient = gradient[0].numpy().astype(np.float64)
        if self._laplacian is not None:
            found["photorealism"], slope = photorealism(
                self._laplacian, picture
            )
            gradient += self._settings.photorealism_weight * slope
        loss = float(self._objective.total(found))
        return LossValue(loss, found, self._objective.shares(found), gradient)

    def _terms_and_gradient(self, pictures: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            found = self._objective(pictures, self._targets)
            total = self._objective.total(found)
        return found, tape.gradient(total, pictures)

    def _styles(self, inputs: Inputs) -> list[StyleTarget]:
        """One style for the whole picture, or one for each content mask."""
        count = len(inputs.paintings)
        weights = np.ones(count) if inputs.weights is None else inputs.weights
        weights = np.array(weights) / np.sum(weights)
        targets = []
        for index, painting in enumerate(inputs.paintings):
            inside = outside = None
            weight = float(weights[index])
            if inputs.style_masks:
                mask = inputs.style_masks[index]
                inside = self._masks(mask, painting, f"style mask {index + 1}")
            if inputs.content_masks:
                mask = inputs.content_masks[index]
                weight *= count * float(mask.mean()) / 255.0
                name = f"content mask {index + 1}"
                outside = self._masks(mask, inputs.photo, name)
            arguments = self._settings, self._perceptual, painting
            targets.append(style_target(*arguments, weight, inside, outside))
        if inputs.content_masks:
            return targets
        weights = np.array([each.weight for each in targets], "float32")
        grams, means = keras.tree.map_structure(
            lambda *each: np.tensordot(weights, each, 1),
            *((target.grams, target.means) for target in targets),
        )
        return [StyleTarget(1.0, grams, means)]

    def _masks(
        self, mask: np.ndarray, picture: np.ndarray, name: str
    ) -> dict[tuple[int, str], np.ndarray]:
        features = scaled_features(
            self._perceptual,
            _batch(picture),
            self._settings.compared_in_style(),
            self._settings.style_scales,
        )
        sizes = {key: tuple(f.shape[1:3]) for key, f in features.items()}
        return feature_masks(mask, sizes, name)


def matting_laplacian(photo: np.ndarray) -> Any:
    """Matting Laplacian of a uint8 photo (Levin et al. 2008, eq. 12).

    Of windows of 3x3 pixels with an epsilon of 1e-7: a sparse SciPy matrix
    (pixels, pixels), float64, with eigenvalues in 0..9.
    """
    try:
        from pymatting.laplacian.cf_laplacian import cf_laplacian
    except ImportError as error:
        raise MissingExtraError("--photorealism_weight", "optimize") from error
    return cf_laplacian(photo.astype(np.float64) / 255.0)


def photorealism(
    laplacian: Any, picture: np.ndarray
) -> tuple[float, np.ndarray]:
    """Photorealism loss of a picture in 0..255, and its gradient (float64).

    Luan et al. 2017, eq. 2: the sum over channels of V_c^T M V_c with M the
    `laplacian`, here with colours in 0..1 and divided by the number of pixels.
    """
    colors = picture.reshape(-1, 3).astype(np.float64) / 255.0
    product = laplacian @ colors
    pixels = len(colors)
    gradient = 2.0 / (255.0 * pixels) * product
    loss = float(np.vdot(colors, product)) / pixels
    return loss, gradient.reshape(picture.shape)


def _batch(picture: np.ndarray) -> Any:
    return ops.convert_to_tensor(picture[None], "float32")
