import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from fast_depth_style.serving.onnx_model import read_onnx, write_onnx


def test_the_file_is_the_network_at_any_size(small_network, tmp_path):
    path = tmp_path / "style.onnx"
    write_onnx(small_network, path)
    run = read_onnx(path, threads=2)
    random = np.random.default_rng(0)
    for shape in ((1, 32, 48, 3), (2, 37, 18, 3), (1, 16, 16, 3)):
        pictures = random.uniform(0, 255, shape).astype(np.float32)
        expected = np.asarray(small_network(pictures))
        assert expected.min() < 0 or expected.max() > 255
        np.testing.assert_allclose(
            run(pictures), np.clip(expected, 0, 255), atol=0.05
        )
