import numpy as np
import pytest

from fast_depth_style.evaluation.evaluator import Sample
from fast_depth_style.evaluation.style_metrics import StyleMetrics


def _gram(features):
    flat = np.asarray(features, float)[0].reshape(-1, features.shape[-1])
    return flat.T @ flat / flat.size


def test_against_numpy(make_context, photo):
    context = make_context()
    pictures = np.stack([photo, 255 - photo])
    found = StyleMetrics(context).measure(Sample(photo, pictures))
    painting = context.perceptual(context.painting)
    for one, picture in zip(found, pictures, strict=True):
        features = context.perceptual(picture[None].astype("float32"))
        raw, balanced = [], []
        for layer in context.style_layers:
            target = _gram(painting[layer])
            error = _gram(features[layer]) - target
            raw.append(np.mean(error**2))
            balanced.append(np.sum(error**2) / np.sum(target**2))
            assert one[f"style.{layer}.raw"] == pytest.approx(raw[-1], rel=1e-3)
            assert one[f"style.{layer}.balanced"] == pytest.approx(
                balanced[-1], rel=1e-3
            )
        assert one["style.raw"] == pytest.approx(sum(raw), rel=1e-3)
        assert one["style.balanced"] == pytest.approx(
            np.mean(balanced), rel=1e-3
        )


def test_the_painting_itself_has_its_style(make_context):
    context = make_context()
    painting = np.round(context.painting[0]).astype("uint8")
    photo = np.zeros_like(painting)
    (found,) = StyleMetrics(context).measure(Sample(photo, painting[None]))
    assert found["style.balanced"] < 1e-4
