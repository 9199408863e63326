"""One training step: gradients, precision, XLA, kernels, first weights."""

import dataclasses
import pathlib
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.images.files import read_rgb
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.objective import Objective
from fast_depth_style.perception import registry
from fast_depth_style.training.build import build_trainer, draw_weights
from fast_depth_style.training.run import read_paintings
from fast_depth_style.training.styles import PaintingGrams
from fast_depth_style.training.trainer import StyleTrainer

_ASKED = (
    np.array([[1.0, 0.0], [0.25, 0.75]], "float32"),
    np.array([[0.0, 1.0], [0.5, 0.25]], "float32"),
)
"""Styles and dials of two pictures, for a network of two styles."""

_ONE = (np.ones((2, 1), "float32"), _ASKED[1])
"""The same for a network of one."""


@pytest.fixture(scope="module")
def photos():
    coarse = np.random.default_rng(1).uniform(30, 220, (2, 8, 8, 3))
    return tf.image.resize(coarse, (64, 64))


@pytest.fixture
def trainer(small):
    keras.utils.set_random_seed(0)
    layers = {*small.style_layers, small.content_layer}
    perceptual = registry.perceptual_network(small.perceptual_network, layers)
    network = ImageTransformationNetwork(0.125, styles=("a", "b"), dials=True)
    network.build()
    paintings = [painting := read_rgb(small.style[0]), painting[:, ::-1]]
    grams = PaintingGrams(small, perceptual, paintings, [64], 2.0, 1.0)
    trainer = StyleTrainer(
        network, Objective(small, perceptual, None, []), grams
    )
    trainer.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    trainer.optimizer.build(network.trainable_variables)
    return trainer


def test_a_step_follows_the_gradient_and_tells_the_terms(trainer, photos):
    variables = trainer.network.trainable_variables
    before = [v.numpy() for v in variables]
    perceptual = trainer.objective._perceptual
    frozen = [w.numpy() for w in perceptual.weights]
    with tf.GradientTape() as tape:
        vectors = trainer.network.vectors(*_ASKED)
        painted = trainer.network.stylize_crop(photos, vectors)
        targets = trainer.objective.targets(
            photos, tf.constant(0), trainer.grams(*_ASKED)
        )
        terms = trainer.objective(painted, targets, tf.constant(0))
        loss = 10 * terms["style"] + terms["content"] + 0.5 * terms["tv"]
        loss += 30 * terms["range"] + 100 * terms["lattice"]
    gradients = tape.gradient(loss, variables)

    logs = trainer.train_step((photos, *_ASKED))

    np.testing.assert_allclose(logs.pop("loss"), loss, rtol=1e-5)
    assert [*logs] == [*trainer.objective.terms]
    for name, value in logs.items():
        np.testing.assert_allclose(value, terms[name], rtol=1e-5)
    for old, gradient, variable in zip(
        before, gradients, variables, strict=True
    ):
        np.testing.assert_allclose(
            variable.numpy(), old - 0.1 * gradient.numpy(), atol=1e-6
        )
    for old, weight in zip(frozen, perceptual.weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())
    assert int(trainer.optimizer.iterations) == 1
    trained = {id(v) for v in trainer.trainable_variables}
    assert trained == {id(v) for v in variables}


def test_each_painting_is_seen_at_its_size(small):
    perceptual = registry.perceptual_network(
        small.perceptual_network, {*small.style_layers}
    )
    paintings = [painting := read_rgb(small.style[0]), painting[:, ::-1]]
    asked = (np.array([[0.0, 1.0]], "float32"), np.zeros((1, 2), "float32"))
    one_size, sizes, both = (
        PaintingGrams(small, perceptual, seen, given)(*asked).grams
        for seen, given in (
            (paintings, [96]),
            (paintings, [64, 96]),
            (paintings, [64]),
        )
    )
    for key, gram in sizes.items():
        np.testing.assert_array_equal(gram, one_size[key])
        assert np.abs(gram - both[key]).max() > 0


def test_where_style_has_no_weight_no_painting_is_looked_at(small):
    unstyled = dataclasses.replace(small, style_weight=0.0)

    targets = PaintingGrams(unstyled, None, [], [64], 2.0, 1.0)(*_ASKED)

    assert not targets.grams
    # Depth still follows its dial.
    np.testing.assert_array_equal(targets.depth, _ASKED[1][:, 0])


def test_compiled_by_xla_a_step_is_the_same(trainer, photos):
    plain = tf.function(trainer.train_step, jit_compile=False)
    before = trainer.network.get_weights()
    expected = plain((photos, *_ASKED))
    expected_weights = trainer.network.get_weights()
    trainer.network.set_weights(before)

    compiled = tf.function(trainer.train_step, jit_compile=True)(
        (photos, *_ASKED)
    )

    for name, value in expected.items():
        np.testing.assert_allclose(compiled[name], value, rtol=1e-4)
    for variable, old, b in zip(
        trainer.network.weights, before, expected_weights, strict=True
    ):
        a = variable.numpy()
        # Of what the step changed: rounding moved it by 1e-3 on one machine,
        # where a pixel is on the other side of a rectifier's kink. Biases
        # before a normalization follow nothing but rounding.
        spare = 1e-4 if variable.path.endswith("bias") else 3e-5
        assert np.linalg.norm(a - b) < 5e-3 * np.linalg.norm(b - old) + spare


def test_mixed_precision_convolves_in_bfloat16_and_compares_in_float32(
    small_with_depth, photos
):
    """Networks compute in bfloat16; pictures, features' sums, losses not."""
    paintings = read_paintings(small_with_depth)
    terms = {}
    for mixed in (False, True):
        settings = dataclasses.replace(small_with_depth, mixed_precision=mixed)
        trainer = build_trainer(settings, paintings, jit=False)
        terms[mixed] = trainer(photos, *_ONE, tf.constant(0))

    network, perceptual = trainer.network, trainer.objective._perceptual
    assert {c.compute_dtype for c in network.convs} == {"bfloat16"}
    assert {v.dtype for v in network.trainable_variables} == {"float32"}
    features = perceptual(photos)
    assert {f.dtype for f in features.values()} == {tf.bfloat16}
    maps, deep = trainer.objective._estimator.outputs(photos)
    assert {f.dtype for f in (*maps, *deep)} == {tf.float32}
    assert network(photos).dtype == tf.float32
    assert "depth" in terms[True]
    for name, value in terms[True].items():
        assert value.dtype == tf.float32
        np.testing.assert_allclose(value, terms[False][name], rtol=0.05)


@pytest.mark.parametrize("mixed_precision", [False, True])
def test_a_step_is_the_same_with_the_fast_kernels(
    small_with_depth, photos, mixed_precision
):
    """Those of TensorFlow on a CPU, and XLA for what is done to pixels."""
    settings = dataclasses.replace(
        small_with_depth, depth_from=0.0, mixed_precision=mixed_precision
    )
    paintings = [each[:64, :64] for each in read_paintings(settings)]
    results = []
    for jit in (True, False):  # With jit, the portable kernels are taken.
        trainer = build_trainer(settings, paintings, jit)

        @tf.function
        def gradients(trainer=trainer):
            step = tf.constant(settings.steps)
            with tf.GradientTape() as tape:
                terms = trainer(photos, *_ONE, step)
                loss = trainer.objective.total(terms, step)
            variables = trainer.network.trainable_variables
            return terms, tape.gradient(loss, variables)

        results.append(gradients())
    (plain, plain_gradients), (fast, fast_gradients) = results
    # Eight bits: each of many layers rounds by 0.4 %.
    tolerance = 0.05 if mixed_precision else 1e-3
    for name, term in fast.items():
        np.testing.assert_allclose(term, plain[name], rtol=tolerance)
    a, b = (
        np.concatenate([np.ravel(g) for g in some])
        for some in (plain_gradients, fast_gradients)
    )
    tolerance = 0.2 if mixed_precision else 0.01
    assert np.linalg.norm(a - b) < tolerance * np.linalg.norm(a)


def _drawn(seed):
    network = ImageTransformationNetwork(width=0.25)
    network.build()
    draw_weights(network, seed)
    return network


def test_first_weights_are_glorot_s_and_the_seed_s_for_ever():
    kernel = _drawn(0).convs[3].get_weights()[0]
    height, width, inputs, outputs = kernel.shape
    limit = np.sqrt(6 / (height * width * (inputs + outputs)))
    assert np.abs(kernel).max() <= limit
    np.testing.assert_allclose(kernel.var(), limit**2 / 3, rtol=0.05)

    kernel = _drawn(7).convs[0].get_weights()[0]
    random = np.random.RandomState(np.random.MT19937(np.random.SeedSequence(7)))
    limit = np.sqrt(6 / (81 * 11))
    np.testing.assert_array_equal(
        kernel.ravel()[:5], random.uniform(-limit, limit, 5).astype("float32")
    )


def test_following_a_step_opens_few_files(small_with_depth, photos):
    """As CONTRIBUTING promises; each file that a function of is called in."""
    trainer = build_trainer(
        small_with_depth, read_paintings(small_with_depth), jit=None
    )
    step = tf.function(trainer.train_step, autograph=False)
    package, opened = pathlib.Path(build_trainer.__code__.co_filename), set()

    def note(frame, event, argument):
        opened.add(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        step((photos, *_ONE))
    finally:
        sys.setprofile(None)
    ours = {f for f in opened if f.startswith(f"{package.parents[1]}/")}
    assert 15 < len(ours) <= 20, ours
