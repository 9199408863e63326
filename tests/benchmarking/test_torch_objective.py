import keras
import numpy as np
import pytest

from fast_depth_style.benchmarking.inputs import soft_pictures
from fast_depth_style.training.objective import Objective
from fast_depth_style.training.settings import preset

torch = pytest.importorskip("torch")

from fast_depth_style.benchmarking import torch_objective  # noqa: E402

_SETTINGS = preset("balanced", depth_network="none", steps=10)
_LAYERS = {*_SETTINGS.style_layers, _SETTINGS.content_layer}


class _Colours(keras.Model):
    """Features that differ by layer: powers of the colours."""

    def call(self, pictures):
        return {
            name: (pictures / 100) ** (i + 1)
            for i, name in enumerate(sorted(_LAYERS))
        }


class _TorchColours(torch.nn.Module):
    def forward(self, pictures, layers):
        return {
            name: (pictures / 100) ** (i + 1)
            for i, name in enumerate(sorted(_LAYERS))
            if name in layers
        }


def test_terms_and_total_equal_ours():
    photos, pictures = soft_pictures(4, 28, 50, seed=1).reshape(2, 2, 28, 50, 3)
    pictures = pictures * 1.2 - 20  # Some out of range.
    painting = soft_pictures(1, 16, 18, seed=2)
    ours = Objective(_SETTINGS, _Colours(), None, painting[0])
    expected = ours(photos, pictures, keras.ops.array(0))
    photos, pictures, painting = (
        torch.from_numpy(x.astype(np.float32)).permute(0, 3, 1, 2)
        for x in (photos, pictures, painting)
    )
    theirs = torch_objective.Objective(
        _SETTINGS,
        _SETTINGS.style_layers,
        _TorchColours(),
        painting,
        _SETTINGS.style_scales,
    )
    terms = theirs(theirs.content(photos), pictures, photos)

    assert set(terms) == set(ours.terms)
    for name in ours.terms:
        assert float(expected[name]) > 0
        assert float(terms[name]) == pytest.approx(
            float(expected[name]), rel=1e-4
        )
    assert float(theirs.total(terms)) == pytest.approx(
        float(ours.total(expected, 0)), rel=1e-4
    )
