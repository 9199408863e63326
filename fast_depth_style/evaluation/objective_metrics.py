"""Style, content and their weighted sum: the objective, without depth."""

import dataclasses

import numpy as np
import tensorflow as tf
from keras import ops

from fast_depth_style.evaluation.evaluator import Context, Evaluator, Metric
from fast_depth_style.losses import style
from fast_depth_style.objective import Objective, style_target


def evaluators(context: Context) -> list[Evaluator]:
    """Style over all scales and each, content, and the weighted sum.

    Style is the mean over scales and layers of |G(y) - G(s)|^2 / |G(s)|^2
    (Johnson et al. 2016, eq. 4, relative), content the sum of |F(x)|^2 |F(y) -
    F(x)|^2 over that of |F(x)|^4 (eq. 2, weighted by the photo's features).
    SSIM is that of Wang et al. 2004 on the pixels, mean over red, green and
    blue.
    """
    scales = range(context.objective.style_scales)
    objectives = [_at_scale(context, scale) for scale in scales]

    def measure(sample):
        photo, *pictures = (
            ops.convert_to_tensor(rgb[None], "float32")
            for rgb in (sample.photo, *sample.pictures)
        )
        targets = objectives[0].targets(photo)
        similarity = tf.image.ssim(sample.pictures, sample.photo[None], 255)
        rows = []
        for picture, ssim in zip(pictures, similarity, strict=True):
            found = [
                objective(style.halved(picture, scale), targets)
                for scale, objective in zip(scales, objectives, strict=True)
            ]
            styles = [terms["style"] for terms in found]
            # Every scale has as many layers.
            terms = found[0] | {"style": np.mean(styles)}
            values = (
                terms["style"],
                *styles,
                terms["content"],
                ssim,
                objectives[0].total(terms),
                terms["tv"],
            )
            names = (metric.name for metric in metrics)
            rows.append(dict(zip(names, map(float, values), strict=True)))
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
        Metric("objective.total", "Weighted sum of style, content, tv, range"),
        Metric("objective.tv", "Total variation, over 127.5 squared"),
    ]
    return [Evaluator(metrics, measure)]


def _at_scale(context: Context, scale: int) -> Objective:
    """The objective of pictures halved `scale` times; only style from 1 on."""
    settings = dataclasses.replace(context.objective, style_scales=1)
    if scale:
        settings = dataclasses.replace(
            settings, content_weight=0.0, tv_weight=0.0, range_weight=0.0
        )
    painting = ops.convert_to_tensor(context.painting[None], "float32")
    target = style_target(
        settings, context.perceptual, style.halved(painting, scale)[0]
    )
    return Objective(settings, context.perceptual, None, [target])
