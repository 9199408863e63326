import keras
import numpy as np

from fast_depth_style.perception.depth_ensemble import DepthEnsemble
from fast_depth_style.perception.depth_estimator import DepthEstimator


class _Brightness(DepthEstimator):
    """The mean colour as depth, and features, some number of them."""

    def __init__(self, factor, features):
        super().__init__()
        self.factor = factor
        self.count = features
        self.built = True

    def outputs(self, pictures):
        depth = self.factor * keras.ops.mean(pictures, axis=-1)
        return depth, [depth[..., None] + i for i in range(self.count)]


def test_it_shows_the_maps_and_the_features_of_all():
    pictures = np.random.default_rng(0).uniform(0, 255, (2, 4, 5, 3))
    ensemble = DepthEnsemble([_Brightness(1.0, 2), _Brightness(3.0, 0)])

    depth, features = ensemble.outputs(pictures.astype("float32"))

    mean = pictures.mean(-1, keepdims=True)
    assert depth is None
    for found, expected in zip(
        features, (mean, mean, mean + 1, 3 * mean), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
