import keras
import numpy as np
import pytest
from keras import ops

from fast_depth_style.distillation.depth import evaluate_rooms
from fast_depth_style.distillation.depth_data import read_rooms, split_rooms
from fast_depth_style.perception import compact_depth, shipped_weights
from fast_depth_style.perception.compact_depth import (
    SIZE,
    WEIGHTS,
    CompactDepth,
)
from fast_depth_style.perception.registry import depth_network
from fast_depth_style.requests import RequestError


@pytest.fixture(scope="module")
def network():
    return CompactDepth()


def _pictures(height, width, seed=0):
    """Smooth, since noise is what a depth network never sees."""
    draw = np.random.default_rng(seed)
    small = draw.uniform(0, 255, (2, 8, 8, 3)).astype(np.float32)
    return np.array(ops.image.resize(small, (height, width)))


def test_is_what_the_registry_makes():
    network = depth_network("compact")
    assert isinstance(network, CompactDepth)
    assert (network.quantity, network.is_metric) == ("inverse_depth", False)
    assert not network.trainable_weights


def test_fits_in_three_megabytes():
    assert (shipped_weights.FOLDER / WEIGHTS).stat().st_size <= 3_000_000


@pytest.mark.parametrize("size", [(97, 213), (SIZE, SIZE), (400, 300)])
def test_takes_any_size(network, size):
    inverse_depth, features = network.outputs(_pictures(*size))
    assert inverse_depth.shape == (2, SIZE // 2, SIZE // 2)
    assert [tuple(f.shape[1:]) for f in features] == [
        (SIZE // 16, SIZE // 16, 128),
        (SIZE // 8, SIZE // 8, 80),
        (SIZE // 4, SIZE // 4, 64),
        (SIZE // 2, SIZE // 2, 32),
    ]
    for tensor in (inverse_depth, *features):
        assert keras.backend.standardize_dtype(tensor.dtype) == "float32"
        assert np.isfinite(tensor).all()


def test_call_and_features_are_the_outputs(network):
    pictures = _pictures(120, 160)
    inverse_depth, features = network.outputs(pictures)
    np.testing.assert_allclose(network(pictures), inverse_depth, rtol=1e-6)
    for mine, theirs in zip(network.features(pictures), features, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


def test_size_changes_little(network):
    small, large = (network(_pictures(*s))[0] for s in ((160, 160), (480, 480)))
    correlation = np.corrcoef(np.ravel(small), np.ravel(large))[0, 1]
    assert correlation > 0.95


def test_bfloat16_is_close(network):
    pictures = _pictures(160, 160)
    exact = np.array(network(pictures))
    rounded = np.array(CompactDepth(dtype="mixed_bfloat16")(pictures))
    assert rounded.dtype == np.float32
    assert np.abs(rounded - exact).mean() < 0.05 * exact.std()


def test_gradient_is_the_numerical_one_and_reaches_every_pixel(network):
    tf = pytest.importorskip("tensorflow")
    pictures = tf.constant(_pictures(300, 260))
    weight = np.random.default_rng(1).normal(size=(2, SIZE // 2, SIZE // 2))

    def value(x):
        return tf.reduce_sum(network(x) * weight)

    with tf.GradientTape() as tape:
        tape.watch(pictures)
        result = value(pictures)
    gradient = tape.gradient(result, pictures)
    assert (np.abs(gradient).sum(axis=-1) > 0).mean() > 0.999
    # A step along the gradient, so that rounding does not drown it.
    step = gradient / tf.norm(gradient) * 10.0
    numerical = (value(pictures + step) - value(pictures - step)) / 2
    expected = tf.reduce_sum(gradient * step)
    np.testing.assert_allclose(numerical, expected, rtol=0.1)


def test_compiles_with_its_gradient():
    tf = pytest.importorskip("tensorflow")
    network = CompactDepth()

    @tf.function(jit_compile=True)
    def gradient(pictures):
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            loss = tf.reduce_mean(network(pictures) ** 2)
        return tape.gradient(loss, pictures)

    pictures = tf.constant(_pictures(128, 128))
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        loss = tf.reduce_mean(network(pictures) ** 2)
    eager = tape.gradient(loss, pictures).numpy()
    np.testing.assert_allclose(
        gradient(pictures), eager, atol=1e-3 * np.abs(eager).max()
    )


def test_a_damaged_file_is_named(tmp_path, monkeypatch):
    content = (shipped_weights.FOLDER / WEIGHTS).read_bytes()
    sums = (shipped_weights.FOLDER / "SHA256SUMS").read_text()
    (tmp_path / WEIGHTS).write_bytes(content[:-100])
    (tmp_path / "SHA256SUMS").write_text(sums)
    monkeypatch.setattr(
        compact_depth,
        "read_shipped_weights",
        lambda name: shipped_weights.read_shipped_weights(name, tmp_path),
    )
    with pytest.raises(RequestError, match=f"{WEIGHTS} are damaged"):
        CompactDepth()


@pytest.mark.slow
def test_rooms_that_training_did_not_see(network, assets):
    _, held_out = split_rooms(assets / "rgbd" / "nyu_v2")
    scores = evaluate_rooms(network, read_rooms(held_out[::3]))
    assert scores["rooms"] >= 60
    assert scores["spearman_median"] >= 0.85
    assert scores["delta_1_25"] >= 0.75
