"""Content: how far each picture is from its photo."""

import tensorflow as tf

from fast_depth_style.evaluation.evaluator import Context, Metric, Sample
from fast_depth_style.losses import content


class ContentMetrics:
    """Feature loss in both scales of training, and structural similarity."""

    def __init__(self, context: Context):
        """Takes the perceptual network and its content layer."""
        self._network = context.perceptual
        self._layer = context.content_layer
        self.metrics = [
            Metric(
                "content.balanced",
                f"Content loss, balanced ({self._layer})",
                "lower",
                True,
            ),
            Metric("content.raw", f"Content loss, raw ({self._layer})"),
            Metric("content.ssim", "SSIM with the photo", "higher", True),
        ]

    def measure(self, sample: Sample) -> list[dict[str, float]]:
        """One dict per picture.

        SSIM is that of Wang et al. 2004 (Gaussian window of 11 pixels, sigma
        1.5) on the pixels, mean over red, green and blue.
        """
        features = sample.outputs(self._network)[self._layer]
        target = features[:1]
        similarity = tf.image.ssim(sample.pictures, sample.photo[None], 255)
        found = []
        for index, ssim in enumerate(similarity.numpy()):
            one = features[index + 1 : index + 2]
            found.append(
                {
                    "content.balanced": float(
                        content.relative_content_loss(one, target)
                    ),
                    "content.raw": float(content.content_loss(one, target)),
                    "content.ssim": float(ssim),
                }
            )
        return found


def evaluators(context: Context) -> list[ContentMetrics]:
    """The one evaluator of content."""
    return [ContentMetrics(context)]
