import driving_depth
import keras
import numpy as np
import pytest

from fast_depth_style.errors import RequestError
from fast_depth_style.perception.registry import depth_network

_STRIDES = {
    "encoder/conv1": 2,
    **{
        f"encoder/convs.{block}.{layer}": 2 - layer // 2
        for block in range(3)
        for layer in (0, 2)
    },
    **{f"decoder/decoder.{layer}.conv": 1 for layer in range(8)},
    "decoder/decoder.8.conv3": 1,
}


def test_the_module_is_the_network_of_its_description(tmp_path):
    random = np.random.default_rng(0)
    weights, channels = {}, 3
    for name in _STRIDES:
        side = 7 if name == "encoder/conv1" else 3
        outputs = 1 if name.endswith("conv3") else 4
        shape = side, side, channels, outputs
        scale = (2 / (side**2 * channels)) ** 0.5
        weights[f"{name}.weight"] = random.normal(0, scale, shape)
        if side == 3:
            weights[f"{name}.bias"] = random.normal(0, 0.1, outputs)
        channels = outputs
    weights = {name: each.astype("f4") for name, each in weights.items()}
    np.savez(tmp_path / "weights.npz", **weights)
    driving_depth.write_module(tmp_path / "weights.npz", tmp_path / "module")
    pictures = random.uniform(0, 255, (2, 256, 384, 3)).astype("f4")

    judge = depth_network(f"hub:{tmp_path / 'module'}")
    found = np.array(judge(pictures))

    assert judge.quantity == "inverse_depth"
    expected = _by_keras(weights, (pictures / 255 - 0.45) / 0.225)
    assert expected.std() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-5)


def _by_keras(weights, x):
    for name, stride in _STRIDES.items():
        kernel = weights[f"{name}.weight"]
        bias = weights.get(f"{name}.bias")
        decodes = name.startswith("decoder")
        width = len(kernel) // 2
        x = np.pad(
            x,
            [(0, 0), (width, width), (width, width), (0, 0)],
            "reflect" if decodes else "constant",
        )
        convolve = keras.layers.Conv2D(
            kernel.shape[3], len(kernel), stride, use_bias=bias is not None
        )
        convolve.build(x.shape)
        convolve.set_weights([kernel] if bias is None else [kernel, bias])
        x = convolve(x)
        if name == "encoder/conv1":
            x = keras.activations.relu(x)
        elif not decodes:
            x = keras.activations.leaky_relu(x, 0.1)
        elif name.endswith("conv3"):
            x = keras.activations.sigmoid(x)
        else:
            x = keras.activations.elu(x)
            if int(name.split(".")[1]) % 2 == 0:
                x = keras.layers.UpSampling2D(interpolation="nearest")(x)
        x = np.array(x)
    return x[..., 0]


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(RequestError, match="missing.npz is missing"):
        driving_depth.write_module(tmp_path / "missing.npz", tmp_path / "m")
    assert not any(tmp_path.iterdir())
