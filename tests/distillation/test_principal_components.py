import keras
import numpy as np
import pytest

from fast_depth_style.distillation.principal_components import (
    LAYERS,
    principal_components,
)
from fast_depth_style.perception.compact_perceptual import COMPONENTS


def test_components_are_orthonormal_and_hold_what_matters():
    keras.utils.set_random_seed(0)
    pictures = keras.Input((None, None, 3))
    teacher = keras.Model(
        pictures,
        {
            name: keras.layers.Conv2D(128, 3, 4, activation="relu")(pictures)
            for name in LAYERS
        },
    )
    draw = np.random.default_rng(0)
    sample = draw.uniform(0, 255, (12, 32, 32, 3)).astype(np.float32)
    components = principal_components(teacher, sample)
    basis = components.bases["relu2_1"]
    count = COMPONENTS["relu2_1"]
    assert basis.shape == (128, count)
    np.testing.assert_allclose(basis.T @ basis, np.eye(count), atol=1e-5)

    flat = teacher(sample)["relu2_1"].numpy().reshape(-1, 128)
    projected = (flat - flat.mean(0)) @ basis
    power = np.sum((flat - flat.mean(0)) ** 2)
    kept = np.sum(projected**2) / power
    assert components.kept["relu2_1"] == pytest.approx(kept, rel=1e-3)
    deviation = np.sqrt(np.mean(projected**2))
    assert components.scales["relu2_1"] == pytest.approx(deviation, rel=1e-3)
    # Nearly the most that so many directions can hold, of the covariance and of
    # the second moment.
    for values in (flat - flat.mean(0), flat):
        most = np.linalg.svd(values, compute_uv=False)[:count] ** 2
        assert np.sum((values @ basis) ** 2) > 0.97 * most.sum()
