import dataclasses

import numpy as np
import pytest

from fast_depth_style.images.files import read_rgb
from fast_depth_style.networks import convolutions
from fast_depth_style.networks.instance_norm import InstanceNormalization

tf = pytest.importorskip("tensorflow")

from fast_depth_style.training import fast_kernels, run  # noqa: E402


def _results(function, upstream, *inputs):
    """A function's value and its gradients."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    return [y, *tape.gradient(y, inputs, upstream)]


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_it_normalizes_as_the_layer_does(dtype):
    draw = np.random.default_rng(0)
    layer = InstanceNormalization(dtype=dtype)
    layer.build((None, None, None, 4))
    layer.scale.assign([0.5, 1.0, 1.5, 2.0])
    layer.shift.assign([-1.0, 0.0, 0.5, 1.0])
    x = tf.constant(draw.normal(3, 2, (3, 16, 12, 4)), layer.compute_dtype)
    upstream = tf.constant(draw.normal(size=x.shape), x.dtype)
    results = []
    for fused in (None, fast_kernels.fused_instance_norm):
        layer.fused = fused
        watched = [v.value for v in layer.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        assert y.dtype == x.dtype
        results.append([y, *tape.gradient(y, [x, *watched], upstream)])
    tolerance = 1e-4 if dtype == "float32" else 0.02
    for plain, fused in zip(*results, strict=True):
        plain, fused = (np.asarray(v, np.float32) for v in (plain, fused))
        np.testing.assert_allclose(
            fused, plain, rtol=0, atol=tolerance * np.abs(plain).max()
        )


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
def test_it_pads_as_the_layers_do(width, mode):
    draw = np.random.default_rng(0)
    x = tf.constant(draw.normal(size=(2, 10, 16, 3)), tf.float32)
    shape = (2, 10 + 2 * width, 16 + 2 * width, 3)
    upstream = tf.constant(draw.normal(size=shape), tf.float32)
    fast, plain = (
        _results(lambda x, pad=pad: pad(x, width, mode), upstream, x)
        for pad in (fast_kernels.pad, convolutions.pad)
    )
    np.testing.assert_array_equal(fast[0], plain[0])
    np.testing.assert_allclose(fast[1], plain[1], rtol=1e-5, atol=1e-6)


def test_it_cuts_as_the_layers_do():
    draw = np.random.default_rng(0)
    x = tf.constant(draw.normal(size=(2, 10, 16, 3)), tf.float32)
    upstream = tf.constant(draw.normal(size=(2, 4, 10, 3)), tf.float32)
    fast, plain = (
        _results(lambda x, cut=cut: cut(x, 3), upstream, x)
        for cut in (fast_kernels.cut, convolutions.cut)
    )
    for one, other in zip(fast, plain, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("mixed_precision", [False, True])
def test_a_step_is_the_same_with_them(small_with_depth, mixed_precision):
    settings = dataclasses.replace(
        small_with_depth, depth_from=0.0, mixed_precision=mixed_precision
    )
    painting = read_rgb(settings.style)[:64, :64]
    photos = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3))
    photos = tf.constant(photos, tf.float32)
    step = tf.constant(settings.steps)
    results = []
    for fast in (False, True):
        trainer = run.build_trainer(settings, painting, jit=False)
        if not fast:
            _undo(trainer)
        objective, network = trainer.objective, trainer.network

        @tf.function
        def gradients(objective=objective, network=network):
            with tf.GradientTape() as tape:
                terms = objective(photos, network(photos), step)
                loss = objective.total(terms, step)
            return terms, tape.gradient(loss, network.trainable_variables)

        results.append(gradients())
    (plain, plain_gradients), (terms, fast_gradients) = results
    tolerance = 0.02 if mixed_precision else 1e-3
    for name, term in terms.items():
        np.testing.assert_allclose(term, plain[name], rtol=tolerance)
    a, b = (
        np.concatenate([np.ravel(g) for g in some])
        for some in (plain_gradients, fast_gradients)
    )
    tolerance = 0.2 if mixed_precision else 0.01
    assert np.linalg.norm(a - b) < tolerance * np.linalg.norm(a)


def _undo(trainer):
    """Puts the operations as written in the kernels' places."""
    network, objective = trainer.network, trainer.objective
    objective.compile_pixels(lambda compiled: compiled.python_function)
    for norm in network.norms:
        norm.fused = None
    for conv in (*network.convs, network.paint):
        assert conv.pad is fast_kernels.pad
        conv.pad = convolutions.pad
        if isinstance(conv, convolutions.UpsamplingConv2D):
            assert conv.cut is fast_kernels.cut
            conv.cut = convolutions.cut
