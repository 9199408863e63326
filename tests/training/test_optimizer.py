import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from fast_depth_style.training.optimizer import ConstantThenLinear, KernelMuon


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


def test_kernels_move_together_under_jax_as_one_by_one_elsewhere(tmp_path):
    draw = np.random.default_rng(1)
    shapes = [(3, 3, 4, 8), (8,), (3, 3, 4, 8), (1, 1, 8, 2), (3, 3, 4, 8)]
    gradients = [draw.normal(size=shape).astype("float32") for shape in shapes]
    moved = _moved(gradients)
    np.savez(tmp_path / "gradients.npz", *gradients)
    subprocess.run(
        [sys.executable, __file__, tmp_path],
        check=True,
        env={**os.environ, "KERAS_BACKEND": "jax"},
    )
    with np.load(tmp_path / "moved.npz") as by_jax:
        for mine, name in zip(moved, by_jax.files, strict=True):
            np.testing.assert_allclose(mine, by_jax[name], atol=2e-5)
            assert np.abs(mine).min() > 0


@pytest.mark.parametrize(
    "decay_from, steps, expected",
    [
        # Halfway from step 40 to 100 it is halfway from 2 to 0.2.
        (0.4, (0, 39, 40, 70, 100, 150), (2, 2, 2, 1.1, 0.2, 0.2)),
        (1.0, (0, 99), (2, 2)),
    ],
)
def test_the_rate_is_constant_then_falls_to_a_tenth(
    decay_from, steps, expected
):
    schedule = ConstantThenLinear(2.0, 100, decay_from)
    copy = ConstantThenLinear.from_config(schedule.get_config())

    for rate in (schedule, copy):
        found = [float(rate(step)) for step in steps]
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def _moved(gradients):
    """Variables from zero after two steps along the same gradients."""
    variables = [keras.Variable(np.zeros_like(g)) for g in gradients]
    optimizer = KernelMuon(0.1, adam_weight_decay=None, weight_decay=None)
    for _ in range(2):
        optimizer.apply([keras.ops.array(g) for g in gradients], variables)
    return [keras.ops.convert_to_numpy(v) for v in variables]


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    with np.load(folder / "gradients.npz") as file:
        np.savez(folder / "moved.npz", *_moved([file[k] for k in file.files]))
