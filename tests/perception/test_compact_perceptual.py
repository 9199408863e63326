import numpy as np
import pytest
import tensorflow as tf

from fast_depth_style.perception import compact_perceptual, shipped_weights
from fast_depth_style.perception.compact_perceptual import (
    COMPONENTS,
    CompactPerceptual,
)
from fast_depth_style.requests import RequestError


@pytest.fixture(scope="module")
def picture():
    draw = np.random.default_rng(0)
    return draw.uniform(0, 255, (1, 37, 50, 3)).astype(np.float32)


def test_sizes_are_those_of_vgg19(picture):
    features = CompactPerceptual()(picture)
    assert {name: tuple(map_.shape[1:]) for name, map_ in features.items()} == {
        "relu1_1": (37, 50, COMPONENTS["relu1_1"]),
        "relu2_1": (18, 25, COMPONENTS["relu2_1"]),
        "relu3_1": (9, 12, COMPONENTS["relu3_1"]),
        "relu3_4": (9, 12, COMPONENTS["relu3_4"]),
    }


def test_the_first_feature_map_by_hand(picture):
    arrays = shipped_weights.read_shipped_weights(compact_perceptual.WEIGHTS)
    around = (picture[0, 3:6, 7:10] - (123.68, 116.779, 103.939)) / 64
    kernel = arrays["conv1_1/kernel"]
    hidden = np.einsum("hwc,hwcd->d", around, kernel) + arrays["conv1_1/bias"]
    expected = np.maximum(hidden, 0) @ arrays["relu1_1/kernel"][0, 0]
    expected += arrays["relu1_1/bias"]
    features = CompactPerceptual(["relu1_1"])(picture)["relu1_1"]
    np.testing.assert_allclose(features[0, 4, 8], expected, rtol=1e-3, atol=0.1)


def test_a_cut_network_computes_no_more_and_nothing_else(picture):
    cut = CompactPerceptual(["relu2_1", "relu1_1"])
    assert cut.layer_names == ("relu1_1", "relu2_1")
    assert not any("conv3" in layer.name for layer in cut.body.layers)
    whole = CompactPerceptual()(picture)
    for name, map_ in cut(picture).items():
        np.testing.assert_allclose(map_, whole[name], rtol=1e-4, atol=1e-2)


def test_it_is_frozen_and_shows_a_gradient_to_the_picture(picture):
    network = CompactPerceptual()
    assert not network.trainable_variables
    pictures = tf.constant(picture)
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        loss = tf.reduce_sum(network(pictures)["relu3_4"] ** 2)
    gradient = tape.gradient(loss, pictures).numpy()
    assert np.isfinite(gradient).all()
    assert (np.abs(gradient).max(axis=-1) > 0).mean() > 0.99


def test_mixed_precision_changes_the_features_little(picture):
    exact = CompactPerceptual()(picture)
    rough = CompactPerceptual(dtype="mixed_bfloat16")(picture)
    for name, map_ in rough.items():
        assert map_.dtype == tf.bfloat16
        error = np.linalg.norm(tf.cast(map_, tf.float32) - exact[name])
        assert error < 0.02 * np.linalg.norm(exact[name])


@pytest.mark.parametrize("layers", [["relu1_1", "relu4_2"], []])
def test_a_layer_that_it_does_not_have_is_one_line(layers):
    with pytest.raises(RequestError) as error:
        CompactPerceptual(layers)
    assert "vgg19" in str(error.value) and "\n" not in str(error.value)


def test_the_shipped_file_is_small():
    path = shipped_weights.FOLDER / compact_perceptual.WEIGHTS
    assert path.stat().st_size <= 2e6
    with np.load(path) as file:
        assert {file[key].dtype for key in file.files} == {np.dtype("float16")}


@pytest.mark.slow
def test_it_ranks_and_paints_as_vgg19_does(assets):
    from fast_depth_style.distillation.perceptual_ranking import compare
    from fast_depth_style.images.files import list_pictures, read_rgb
    from fast_depth_style.images.size import center_crop, fit_short_side
    from fast_depth_style.perception.vgg19 import VGG19

    weights = assets / "weights/vgg19_imagenet_block1_conv1_to_block3_conv4.npz"
    photos = [
        center_crop(fit_short_side(read_rgb(path), 64), 64)
        for path in list_pictures(assets / "photos/bsds500/test")[:60:30]
    ]
    agreement = compare(
        CompactPerceptual(),
        VGG19(tuple(COMPONENTS), str(weights)),
        np.stack(photos).astype(np.float32),
        read_rgb(assets / "paintings/water_lilies.jpg"),
        steps=18,
    )
    assert agreement.spearman >= 0.9
    assert agreement.style_ratio < 1.6
    assert agreement.content_ratio < 1.25
