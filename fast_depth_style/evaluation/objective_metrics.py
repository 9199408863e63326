"""What training minimizes: how far a picture is from the best there could be.

Optimized pixels show how low it can get, a trained network how near it comes.
"""

import keras

from fast_depth_style.evaluation.evaluator import Context, Metric, Sample
from fast_depth_style.losses import content, pixels, style
from fast_depth_style.training.settings import Settings

_UNIT = 127.5  # that of tv in training's relative scale


class ObjectiveMetrics:
    """The terms and weights of the preset `balanced`.

    But for depth, and for lattice and border, faults that only networks have.
    """

    def __init__(self, context: Context):
        """Takes the painting through the perceptual network, at each scale."""
        self._network = context.perceptual
        self._layers = context.style_layers
        self._content_layer = context.content_layer
        self._settings = Settings()
        self._targets = self._grams(
            keras.ops.convert_to_tensor(context.painting, "float32")
        )
        scales = self._settings.style_scales
        self.metrics = [
            Metric("objective.total", "Loss of training, without depth"),
            Metric("objective.style", f"Style loss, balanced, {scales} scales"),
            Metric("objective.tv", "Total variation"),
        ]

    def measure(self, sample: Sample) -> list[dict[str, float]]:
        """One dict per picture."""
        features = sample.outputs(self._network)
        photo = features[self._content_layer][:1]
        found = []
        for index, picture in enumerate(sample.pictures, 1):
            own = {n: each[index : index + 1] for n, each in features.items()}
            found.append(self._losses(picture, own, photo))
        return found

    def _losses(self, picture, features, photo):
        pictures = keras.ops.convert_to_tensor(picture[None], "float32")
        terms = {
            "style": style.relative_style_loss(
                self._grams(pictures, features), self._targets
            ),
            "content": content.relative_content_loss(
                features[self._content_layer], photo
            ),
            "tv": pixels.total_variation(pictures) / _UNIT**2,
        }
        total = sum(
            getattr(self._settings, f"{name}_weight") * float(term)
            for name, term in terms.items()
        )
        return {
            "objective.total": total,
            "objective.style": float(terms["style"]),
            "objective.tv": float(terms["tv"]),
        }

    def _grams(self, pictures, features=None):
        scaled = style.scaled_features(
            self._network,
            pictures,
            self._layers,
            self._settings.style_scales,
            features,
        )
        return {key: style.gram_matrix(each) for key, each in scaled.items()}


def evaluators(context: Context) -> list[ObjectiveMetrics]:
    """The one evaluator of what training minimizes."""
    return [ObjectiveMetrics(context)]
