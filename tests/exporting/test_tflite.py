import numpy as np
import pytest
import tensorflow as tf
from tensorflow.lite.tools import flatbuffer_utils

from fast_depth_style.exporting.pictures import soft_shapes
from fast_depth_style.exporting.shipped import read_shipped
from fast_depth_style.exporting.shipped_card import FOLDERS
from fast_depth_style.exporting.tflite import convert_tflite, read_tflite

_PICTURES = np.random.default_rng(0).uniform(0, 255, (2, 7, 9, 3))


def _picture(height, width):
    """(1, height, width, 3) float32, soft."""
    rows = np.linspace(0, 6, height).astype(int)
    columns = np.linspace(0, 8, width).astype(int)
    return _PICTURES[:1, rows][:, :, columns].astype(np.float32)


def _psnr(actual, expected):
    return 10 * np.log10(255.0**2 / np.mean((actual - expected) ** 2))


def _expected(network, picture):
    return np.clip(np.asarray(network(picture)), 0, 255)


@pytest.fixture(scope="module")
def files(small_network):
    """{kind: content}."""
    return {
        kind: convert_tflite(small_network, kind, (40, 48))
        for kind in ("float32", "int8")
    }


def test_float32_is_the_network_and_is_clipped(small_network, files):
    run = read_tflite(files["float32"])
    picture = _picture(40, 48)
    painted = run(picture)
    np.testing.assert_allclose(
        painted, _expected(small_network, picture), atol=0.05
    )
    assert painted.min() == 0 and painted.max() == 255
    with pytest.raises(ValueError):
        run(_picture(40, 44))


def test_a_dynamic_float16_file_takes_any_size(small_network):
    content = convert_tflite(small_network, "float16", None)
    run = read_tflite(content, threads=2)
    for size in ((32, 48), (37, 18), (32, 48)):
        picture = _picture(*size)
        painted = run(picture)
        assert painted.shape == picture.shape
        assert _psnr(painted, _expected(small_network, picture)) > 50


def test_int8_is_small_and_near(small_network, files):
    picture = _picture(40, 48)
    painted = read_tflite(files["int8"])(picture)
    assert 25 < _psnr(painted, _expected(small_network, picture)) < 60
    assert len(files["int8"]) < len(files["float32"])


@pytest.mark.parametrize("name", FOLDERS)
def test_int8_holds_every_style_and_dial(name):
    network = read_shipped(FOLDERS[name])
    run = read_tflite(convert_tflite(network, "int8", (96, 128)))
    picture = soft_shapes((96, 128))[None].astype("float32")
    for style in np.eye(len(network.styles), dtype="float32"):
        for dials in ((0.0, 0.0), (1.0, 1.0)):
            vector = network.vectors(style[None], np.array([dials], "float32"))
            expected = np.clip(network(picture, vector), 0, 255)
            painted = run(picture, np.asarray(vector)[0])
            assert _psnr(painted, expected) > 32  # As export asks.


def _operators(content):
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    (graph,) = model.subgraphs
    return {
        flatbuffer_utils.opcode_to_name(model, operator.opcodeIndex)
        for operator in graph.operators
    }


def test_only_operators_that_phones_have_and_have_fast(files, capfd):
    expected = set(
        "ADD CONCATENATION CONV_2D DEPTH_TO_SPACE GATHER MEAN MINIMUM MUL RELU"
        " RSQRT SQUARED_DIFFERENCE STRIDED_SLICE SUB".split()
    )
    assert _operators(files["float32"]) == expected
    # Its kernels are too small for the DEQUANTIZE that others have.
    assert _operators(files["int8"]) == expected
    for content in files.values():
        tf.lite.experimental.Analyzer.analyze(
            model_content=content, gpu_compatibility=True
        )
        assert "looks compatible with GPU delegate" in capfd.readouterr().out


def test_the_same_network_gives_the_same_file(small_network, files):
    again = convert_tflite(small_network, "float32", (40, 48))
    assert again == files["float32"]
