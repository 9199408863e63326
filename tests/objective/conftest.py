"""An objective of small networks, a painting and pictures."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tiny_material import small_run

from fast_depth_style.images.files import read_rgb
from fast_depth_style.objective import Objective, style_target
from fast_depth_style.perception import registry


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(1)
    photos = tf.image.resize(random.uniform(30, 220, (2, 8, 8, 3)), (64, 64))
    noise = random.normal(0, 20, photos.shape).astype("float32")
    return photos, photos + noise


@pytest.fixture(scope="module")
def small(material):
    """Settings with networks of random weights."""
    depth = f"fast_depth:{material / 'fast_depth.npz'}"
    return small_run(
        material, depth_network=depth, style_evenness=0.0, style_covariance=0.0
    )


@pytest.fixture(scope="module")
def perceptual(small):
    layers = {*small.style_layers, small.content_layer}
    return registry.perceptual_network(small.perceptual_network, layers)


@pytest.fixture(scope="module")
def painting(small):
    return read_rgb(small.style[0])[:64, :64]


@pytest.fixture(scope="module")
def make(small, perceptual, painting):
    """Makes an objective of the small settings, with changes."""

    def make(
        depth=True, perceptual=perceptual, distills=False, ramp=None, **new
    ):
        settings = dataclasses.replace(small, **new)
        styles = []
        if perceptual is not None:
            styles = [style_target(settings, perceptual, painting)]
        return Objective(
            settings,
            perceptual,
            registry.depth_network(settings.depth_network) if depth else None,
            styles,
            distills,
            float(np.var(painting, axis=(0, 1)).mean()),
            ramp,
        )

    return make
