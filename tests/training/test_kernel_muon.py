import keras
import numpy as np

from fast_depth_style.training.kernel_muon import KernelMuon


def test_a_kernel_moves_by_an_almost_orthogonal_matrix():
    draw = np.random.default_rng(0)
    kernel = keras.Variable(np.zeros((3, 3, 4, 8), np.float32))
    optimizer = KernelMuon(
        0.1, adam_weight_decay=None, weight_decay=None, rms_rate=None
    )
    gradient = draw.normal(size=(3, 3, 4, 8)).astype(np.float32)
    optimizer.apply([keras.ops.array(gradient)], [kernel])
    moved = -kernel.numpy().reshape(36, 8) / 0.1
    singular = np.linalg.svd(moved, compute_uv=False)
    # Five Newton-Schulz steps bring them near 1, not to it.
    assert 0.5 < singular.min() and singular.max() < 1.4
    left, _, right = np.linalg.svd(gradient.reshape(36, 8), full_matrices=False)
    assert np.sum(moved * (left @ right)) / 8 > 0.8


def test_a_bias_moves_as_by_adam():
    bias = keras.Variable(np.zeros(3, np.float32))
    optimizer = KernelMuon(0.1, adam_weight_decay=None, weight_decay=None)
    optimizer.apply([keras.ops.array([2.0, -3.0, 0.5])], [bias])
    np.testing.assert_allclose(bias.numpy(), [-0.1, 0.1, -0.1], rtol=1e-4)
