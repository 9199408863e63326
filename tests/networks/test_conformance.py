"""Every trained network, every way it is run, on every kind of size."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.serving.saved_model import export_saved_model
from fast_depth_style.serving.tflite import convert_tflite, read_tflite

SIZES = [(16, 16), (17, 23), (33, 50), (64, 48)]
# What is smaller goes the same ways in tests/serving.
NETWORKS = {"full": {"width": 1.0, "blocks": 5}}

# Root mean square error over 255, in decibels.
TFLITE_FLOORS = {"float32": 100.0, "float16": 60.0}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    keras.utils.set_random_seed(0)
    network = Transformer(**NETWORKS[request.param])
    network.build()
    return network


def _pictures(size, batch=2):
    """Soft shapes and noise, (batch, height, width, 3) float32."""
    random = np.random.default_rng(0)
    coarse = random.uniform(0, 255, (batch, 4, 5, 3))
    smooth = tf.image.resize(coarse, size, method="bicubic").numpy()
    noise = random.normal(0, 10, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.float32)


def _psnr(one, other):
    assert one.shape == other.shape
    return -10 * np.log10(np.mean(np.square((one - other) / 255.0)) + 1e-30)


@pytest.mark.parametrize("size", SIZES)
def test_same_size_out(network, size):
    painted = network(_pictures(size))
    assert painted.shape == (2, *size, 3) and painted.dtype == "float32"
    assert np.all(np.isfinite(painted)) and np.std(painted) > 1.0


def test_xla(network):
    pictures = _pictures((33, 50))
    compiled = tf.function(network, jit_compile=True)
    np.testing.assert_allclose(compiled(pictures), network(pictures), atol=0.05)


def test_saved_model(network, tmp_path):
    export_saved_model(network, tmp_path / "model", {})
    loaded = tf.saved_model.load(str(tmp_path / "model" / "1"))
    for size in SIZES:
        pictures = _pictures(size)
        painted = loaded.signatures["float"](image=pictures)
        np.testing.assert_allclose(
            painted["stylized_image"], network(pictures), atol=0.05
        )


def test_reload(network, tmp_path):
    network.save_weights(tmp_path / "n.weights.h5")
    again = Transformer.from_config(network.get_config())
    again.build()
    again.load_weights(tmp_path / "n.weights.h5")
    pictures = _pictures((33, 50))
    np.testing.assert_array_equal(again(pictures), network(pictures))


@pytest.mark.parametrize(
    "precision",
    [pytest.param("float32", marks=pytest.mark.slow), "float16"],
)
def test_tflite(network, precision, tmp_path):
    """One file of dynamic size, run by the runtime that a phone has."""
    path = tmp_path / "any_size.tflite"
    path.write_bytes(convert_tflite(network, precision, None))
    run = read_tflite(path)
    for size in SIZES:
        pictures = _pictures(size, batch=1)
        exact = np.clip(network(pictures), 0, 255)
        assert _psnr(run(pictures), exact) > TFLITE_FLOORS[precision], size
