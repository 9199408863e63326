import numpy as np
import pytest

from fast_depth_style.serving.tflite import convert_tflite, read_tflite

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
def exact(small_network, tmp_path_factory):
    """A float32 file."""
    path = tmp_path_factory.mktemp("exact") / "float32.tflite"
    path.write_bytes(convert_tflite(small_network, "float32", (40, 48)))
    return path


def test_float32_is_the_network_and_is_clipped(small_network, exact):
    run = read_tflite(exact)
    picture = _picture(40, 48)
    painted = run(picture)
    np.testing.assert_allclose(
        painted, _expected(small_network, picture), atol=0.05
    )
    assert painted.min() == 0 and painted.max() == 255
    with pytest.raises(ValueError):
        run(_picture(40, 44))


def test_a_dynamic_float16_file_takes_any_size(small_network, tmp_path):
    path = tmp_path / "float16.tflite"
    path.write_bytes(convert_tflite(small_network, "float16", None))
    run = read_tflite(path, threads=2)
    for size in ((32, 48), (37, 18), (32, 48)):
        picture = _picture(*size)
        painted = run(picture)
        assert painted.shape == picture.shape
        assert _psnr(painted, _expected(small_network, picture)) > 50


def test_int8_is_small_and_near(small_network, exact, tmp_path):
    picture = _picture(40, 48)
    calibration = picture.astype(np.uint8)
    content = convert_tflite(small_network, "int8", (40, 48), calibration)
    path = tmp_path / "int8.tflite"
    path.write_bytes(content)
    painted = read_tflite(path)(picture)
    assert 25 < _psnr(painted, _expected(small_network, picture)) < 60
    assert len(content) < exact.stat().st_size


def test_int8_needs_pictures(small_network):
    with pytest.raises(ValueError, match="calibrate"):
        convert_tflite(small_network, "int8", (40, 48))
