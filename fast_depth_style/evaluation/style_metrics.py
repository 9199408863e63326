"""Style: how far each picture is from the painting."""

import keras

from fast_depth_style.evaluation.evaluator import Context, Metric, Sample
from fast_depth_style.losses import style


class StyleMetrics:
    """Gram losses per layer, as the two presets of training compute them.

    "raw" is the loss of the `stanford` preset, "balanced" that of `balanced`.
    """

    def __init__(self, context: Context):
        """Takes the painting through the perceptual network."""
        self._network = context.perceptual
        features = self._network(
            keras.ops.convert_to_tensor(context.painting, "float32")
        )
        self._targets = {
            layer: style.gram_matrix(features[layer])
            for layer in context.style_layers
        }
        layers = ", ".join(context.style_layers)
        self.metrics = [
            Metric(
                "style.balanced",
                f"Style loss, balanced ({layers})",
                "lower",
                True,
            ),
            Metric("style.raw", f"Style loss, raw ({layers})"),
        ]
        for layer in context.style_layers:
            self.metrics += [
                Metric(
                    f"style.{layer}.{scale}", f"Style loss, {scale}, {layer}"
                )
                for scale in ("balanced", "raw")
            ]

    def measure(self, sample: Sample) -> list[dict[str, float]]:
        """One dict per picture, layers and their sum or mean."""
        features = sample.outputs(self._network)
        grams = {
            layer: style.gram_matrix(features[layer][1:])
            for layer in self._targets
        }
        return [
            self._losses(
                {layer: gram[i : i + 1] for layer, gram in grams.items()}
            )
            for i in range(len(sample.pictures))
        ]

    def _losses(self, grams):
        found = {
            "style.balanced": style.relative_style_loss(grams, self._targets),
            "style.raw": style.style_loss(grams, self._targets),
        }
        for layer, target in self._targets.items():
            one = {layer: target}
            found |= {
                f"style.{layer}.balanced": style.relative_style_loss(
                    grams, one
                ),
                f"style.{layer}.raw": style.style_loss(grams, one),
            }
        return {name: float(value) for name, value in found.items()}


def evaluators(context: Context) -> list[StyleMetrics]:
    """The one evaluator of style."""
    return [StyleMetrics(context)]
