import numpy as np
import pytest

from fast_depth_style.networks.instance_norm import InstanceNormalization

tf = pytest.importorskip("tensorflow")

from fast_depth_style.training.fused_normalization import (  # noqa: E402
    fused_instance_norm,
)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_it_is_the_layer_and_so_is_its_gradient(dtype):
    draw = np.random.default_rng(0)
    layer = InstanceNormalization(dtype=dtype)
    layer.build((None, None, None, 4))
    layer.scale.assign([0.5, 1.0, 1.5, 2.0])
    layer.shift.assign([-1.0, 0.0, 0.5, 1.0])
    x = tf.constant(draw.normal(3, 2, (3, 16, 12, 4)), layer.compute_dtype)
    upstream = tf.constant(draw.normal(size=x.shape), x.dtype)
    results = []
    for fused in (None, fused_instance_norm):
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
