import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.evaluation.evaluator import Sample
from fast_depth_style.evaluation.objective_metrics import ObjectiveMetrics
from fast_depth_style.training.objective import Objective
from fast_depth_style.training.settings import Settings


def test_it_is_what_training_minimizes(make_context, photo):
    context = make_context()
    pictures = np.stack([photo, 255 - photo])
    objective = Objective(
        Settings(
            style_layers=context.style_layers,
            content_layer=context.content_layer,
            lattice_weight=0.0,
            border_weight=0.0,
        ),
        context.perceptual,
        None,
        context.painting[0],
    )

    found = ObjectiveMetrics(context).measure(Sample(photo, pictures))

    for one, picture in zip(found, pictures, strict=True):
        terms = objective(
            tf.constant(photo[None], "float32"),
            tf.constant(picture[None], "float32"),
            tf.constant(0),
        )
        assert terms["range"] == 0
        assert one == pytest.approx(
            {
                "objective.total": float(objective.total(terms, 0)),
                "objective.style": float(terms["style"]),
                "objective.tv": float(terms["tv"]),
            },
            rel=1e-4,
        )
    assert found[0] != found[1]
