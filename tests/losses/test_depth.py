import numpy as np
import pytest

from fast_depth_style.losses import depth


@pytest.fixture
def maps():
    """Depth and target, 2 maps of 6x5 each, in metres."""
    generator = np.random.default_rng(0)
    return generator.uniform(1, 5, (2, 2, 6, 5)).astype("float32")


def _fit(values, target):
    """The best scale and shift, by a solver of linear equations."""
    columns = np.stack([values.ravel(), np.ones(values.size)], axis=1)
    solution, *_ = np.linalg.lstsq(columns.astype(float), target.ravel())
    return (columns @ solution).reshape(target.shape)


def test_align(maps):
    values, target = maps
    expected = [_fit(v, t) for v, t in zip(values, target, strict=True)]
    np.testing.assert_allclose(depth.align(values, target), expected, rtol=1e-4)


def test_align_undoes_scale_and_shift(maps):
    _, target = maps
    np.testing.assert_allclose(
        depth.align(0.2 * target - 3, target), target, rtol=1e-4
    )


def test_align_of_a_flat_map_is_the_mean(maps):
    _, target = maps
    means = target.mean(axis=(1, 2), keepdims=True) + 0 * target
    np.testing.assert_allclose(
        depth.align(0 * target + 2, target), means, rtol=1e-5
    )


def test_raw_loss_is_in_squared_centimetres():
    target = np.zeros((1, 2, 2), "float32")
    off = target + 0.7
    np.testing.assert_allclose(
        depth.raw_depth_loss(off, target, is_metric=True), 4900, rtol=1e-5
    )
    np.testing.assert_allclose(
        depth.raw_depth_loss(off, target, is_metric=False), 0.49, rtol=1e-5
    )


def test_raw_loss_carries_weight_beside_the_reports_terms():
    # The terms printed by the code that the report built on: content 5.6e6,
    # style 2.6e6, tv 4e5. 200 x this must be of their order.
    target = np.zeros((1, 4, 4), "float32")
    term = 200 * float(depth.raw_depth_loss(target + 0.5, target, True))
    assert 4e5 / 2 < term < 5.6e6


def test_aligned_loss(maps):
    values, target = maps
    expected = np.mean(
        [
            np.mean((_fit(v, t) - t) ** 2) / np.var(t)
            for v, t in zip(values, target, strict=True)
        ]
    )
    np.testing.assert_allclose(
        depth.aligned_depth_loss(values, target), expected, rtol=1e-4
    )


def test_aligned_loss_ends(maps):
    _, target = maps
    kept = depth.aligned_depth_loss(3 * target + 1, target)
    np.testing.assert_allclose(kept, 0, atol=1e-6)
    flat = depth.aligned_depth_loss(0 * target, target)
    np.testing.assert_allclose(flat, 1, rtol=1e-4)


def test_relative_loss(maps):
    values, target = maps
    # A scene a hundred times as deep counts as much as any other.
    values, target = (
        (x * np.array([[[1.0]], [[0.01]]])).astype("float32")
        for x in (values, target + 3)
    )
    expected = np.mean(
        [
            np.sum((v - t) ** 2) / np.sum(t**2)
            for v, t in zip(values, target, strict=True)
        ]
    )
    np.testing.assert_allclose(
        depth.relative_depth_loss(values, target), expected, rtol=1e-2
    )
    np.testing.assert_allclose(
        depth.relative_depth_loss(0 * target, target), 1, rtol=1e-2
    )


@pytest.mark.parametrize(
    "loss", [depth.aligned_depth_loss, depth.relative_depth_loss]
)
def test_flat_photo_is_finite(loss, maps):
    values, _ = maps
    assert np.isfinite(float(loss(values, 0 * values + 2)))
    assert np.isfinite(float(loss(0 * values, 0 * values + 2)))


def _features(seed):
    generator = np.random.default_rng(seed)
    return [
        generator.normal(size=shape).astype("float32")
        for shape in ((2, 4, 4, 3), (2, 2, 2, 8))
    ]


def test_feature_loss():
    features, targets = _features(0), _features(1)
    expected = np.mean(
        [
            np.sum((f - t) ** 2, (1, 2, 3)) / np.sum(t**2, (1, 2, 3))
            for f, t in zip(features, targets, strict=True)
        ]
    )
    np.testing.assert_allclose(
        depth.depth_feature_loss(features, targets), expected, rtol=1e-4
    )


def test_feature_loss_refuses_different_layers():
    with pytest.raises(ValueError):
        depth.depth_feature_loss(_features(0), _features(1)[:1])


@pytest.mark.parametrize(
    "loss",
    [
        lambda d, t: depth.raw_depth_loss(d, t, is_metric=True),
        lambda d, t: depth.raw_depth_loss(d, t, is_metric=False),
        depth.aligned_depth_loss,
        depth.relative_depth_loss,
    ],
    ids=["raw_metric", "raw_relative", "aligned", "relative"],
)
def test_gradient(loss, maps, assert_gradient):
    values, target = maps
    assert_gradient(lambda x: loss(x, target), values)


def test_gradient_of_the_feature_loss(assert_gradient):
    first, second = _features(0)
    targets = _features(1)
    assert_gradient(
        lambda x: depth.depth_feature_loss([x, second], targets), first
    )


def test_gradient_through_a_depth_network(assets, assert_gradient):
    from fast_depth_style.perception.fast_depth import FastDepth

    judge = FastDepth(
        assets / "weights" / "fast_depth_nyu_224_float32.npz", input_size=64
    )
    generator = np.random.default_rng(0)
    coarse = generator.uniform(40, 215, (2, 4, 4, 3)).astype("float32")
    photo, picture = (np.kron(x, np.ones((16, 16, 1))) for x in coarse)
    target = judge(photo[None].astype("float32"))
    # Rectifiers make it uneven: a wide tolerance, far from a wrong sign.
    assert_gradient(
        lambda x: depth.aligned_depth_loss(judge(x), target),
        picture[None],
        tolerance=0.1,
    )
