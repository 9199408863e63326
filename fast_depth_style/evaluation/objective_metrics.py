"""Style, content and total: the objective of training, without depth."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from fast_depth_style.evaluation.evaluator import Context, Evaluator, Metric
from fast_depth_style.losses import content, style
from fast_depth_style.objective import Objective, style_target


def evaluators(context: Context) -> list[Evaluator]:
    """Style over all scales and each, content, and the weighted sum.

    The figures are those that training minimizes, from the same functions:
    the mean over scales and layers of |G(y) - G(s)|^2 / |G(s)|^2 (Johnson et
    al. 2016, eq. 4, relative), and |F(y) - F(x)|^2 / |F(x)|^2 (eq. 2). SSIM is
    that of Wang et al. 2004 on the pixels, mean over red, green and blue.
    """
    settings = context.objective
    scales = range(settings.style_scales)
    targets = style_target(settings, context.perceptual, context.painting).grams
    by_scale = [
        {key: gram for key, gram in targets.items() if key[0] == scale}
        for scale in scales
    ]
    pixel_terms = Objective(settings, None, None, [])
    weights = settings.weights()

    def features(batch):
        pictures = ops.convert_to_tensor(batch)
        layer = settings.resolved_content_layer()
        smaller = style.halved(pictures, settings.content_scale)
        scaled = style.scaled_features(
            context.perceptual,
            pictures,
            settings.resolved_style_layers(),
            len(scales),
        )
        grams = {key: style.gram_matrix(each) for key, each in scaled.items()}
        return grams, context.perceptual(smaller)[layer]

    def measure(sample):
        grams, maps = sample.outputs(features)
        pictures = ops.convert_to_tensor(sample.pictures, "float32")
        similarity = tf.image.ssim(sample.pictures, sample.photo[None], 255)
        rows = []
        for index in range(1, len(sample.pictures) + 1):
            here = slice(index, index + 1)
            own = keras.tree.map_structure(lambda each, i=here: each[i], grams)
            styles = [style.relative_style_loss(own, g)[0] for g in by_scale]
            terms = pixel_terms(pictures[index - 1 : index], {}) | {
                # Every scale has as many layers.
                "style": np.mean(styles),
                "content": content.relative_content_loss(maps[here], maps[:1])[
                    0
                ],
            }
            total = sum(weights[name] * term for name, term in terms.items())
            values = (
                terms["style"],
                *styles,
                terms["content"],
                similarity[index - 1],
                total,
                terms["tv"],
            )
            rows.append(
                {
                    metric.name: float(value)
                    for metric, value in zip(metrics, values, strict=True)
                }
            )
        return rows

    metrics = [
        Metric(
            "style.loss", f"Style loss, {len(scales)} scales", headline=True
        ),
        *(
            Metric(
                f"style.scale{2**i}",
                f"Style loss at 1/{2**i} size" if i else "… at full size",
                headline=True,
            )
            for i in scales
        ),
        Metric("content.loss", "Content loss", headline=True),
        Metric("content.ssim", "SSIM with the photo", "higher", True),
        Metric("objective.total", "Loss of training, without depth"),
        Metric("objective.tv", "Total variation, over 127.5 squared"),
    ]
    return [Evaluator(metrics, measure)]
