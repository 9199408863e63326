import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.images.files import read_rgb
from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.perception import registry
from fast_depth_style.training.objective import Objective
from fast_depth_style.training.run import build_trainer
from fast_depth_style.training.trainer import StyleTrainer


@pytest.fixture(scope="module")
def photos():
    coarse = np.random.default_rng(1).uniform(30, 220, (2, 8, 8, 3))
    return tf.image.resize(coarse, (64, 64))


@pytest.fixture
def trainer(small):
    keras.utils.set_random_seed(0)
    layers = {*small.style_layers, small.content_layer}
    perceptual = registry.perceptual_network(small.perceptual_network, layers)
    network = Transformer(width=0.125)
    network.build()
    objective = Objective(small, perceptual, None, read_rgb(small.style))
    trainer = StyleTrainer(network, objective)
    trainer.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    trainer.optimizer.build(network.trainable_variables)
    return trainer


def test_it_computes_the_terms_of_the_network_s_pictures(trainer, photos):
    step = tf.constant(0)
    terms = trainer(photos, step)
    expected = trainer.objective(photos, trainer.network(photos), step)

    assert list(terms) == list(trainer.objective.terms)
    for name, value in expected.items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-5)


def test_a_step_follows_the_gradient_and_tells_the_terms(trainer, photos):
    variables = trainer.network.trainable_variables
    before = [v.numpy() for v in variables]
    frozen = [w.numpy() for w in trainer.objective._perceptual.weights]
    with tf.GradientTape() as tape:
        pictures = trainer.network(photos)
        terms = trainer.objective(photos, pictures, tf.constant(0))
        # In the order of the terms, that rounding is the same.
        loss = 10 * terms["style"] + terms["content"] + 0.5 * terms["tv"]
        loss += 100 * terms["lattice"] + 100 * terms["border"]
        loss += 30 * terms["range"]
    gradients = tape.gradient(loss, variables)

    logs = trainer.train_step(photos)

    np.testing.assert_allclose(logs.pop("loss"), loss, rtol=1e-5)
    for name, value in logs.items():
        np.testing.assert_allclose(value, terms[name], rtol=1e-5)
    for old, gradient, variable in zip(
        before, gradients, variables, strict=True
    ):
        np.testing.assert_allclose(
            variable.numpy(), old - 0.1 * gradient.numpy(), atol=1e-6
        )
    for old, weight in zip(
        frozen, trainer.objective._perceptual.weights, strict=True
    ):
        np.testing.assert_array_equal(old, weight.numpy())
    assert int(trainer.optimizer.iterations) == 1


def test_only_the_network_is_trained(trainer):
    trained = {id(v) for v in trainer.trainable_variables}

    assert trained == {id(v) for v in trainer.network.trainable_variables}


@pytest.mark.slow
def test_compiled_by_xla_a_step_is_the_same(trainer, photos):
    plain = tf.function(trainer.train_step, jit_compile=False)
    before = trainer.network.get_weights()
    expected = plain(photos)
    expected_weights = trainer.network.get_weights()
    trainer.network.set_weights(before)

    compiled = tf.function(trainer.train_step, jit_compile=True)(photos)

    for name, value in expected.items():
        np.testing.assert_allclose(compiled[name], value, rtol=1e-4)
    for old, a, b in zip(
        before, trainer.network.get_weights(), expected_weights, strict=True
    ):
        # Of what the step changed: rounding moved it by 1e-3 on one machine,
        # where a pixel is on the other side of a rectifier's kink.
        assert np.linalg.norm(a - b) < 5e-3 * np.linalg.norm(b - old) + 1e-5


def test_mixed_precision_convolves_in_bfloat16_and_compares_in_float32(
    small_with_depth, photos
):
    """Networks compute in bfloat16; pictures, features' sums, losses not."""
    painting = read_rgb(small_with_depth.style)
    terms = {}
    for mixed in (False, True):
        settings = dataclasses.replace(small_with_depth, mixed_precision=mixed)
        trainer = build_trainer(settings, painting, jit=False)
        terms[mixed] = trainer(photos, tf.constant(0))

    network, perceptual = trainer.network, trainer.objective._perceptual
    assert {c.compute_dtype for c in network.convs} == {"bfloat16"}
    assert {v.dtype for v in network.trainable_variables} == {"float32"}
    features = perceptual(photos)
    assert {f.dtype for f in features.values()} == {tf.bfloat16}
    grams = trainer.objective._grams(photos, features)
    assert {g.dtype for g in grams.values()} == {tf.float32}
    maps, deep = trainer.objective._estimator.outputs(photos)
    assert {f.dtype for f in (maps, *deep)} == {tf.float32}
    assert network(photos).dtype == tf.float32
    assert "depth" in terms[True]
    for name, value in terms[True].items():
        assert value.dtype == tf.float32
        np.testing.assert_allclose(value, terms[False][name], rtol=0.05)
