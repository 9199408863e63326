import math

import numpy as np
import pytest

from fast_depth_style.serving.proof import Proof, prove, table

_PICTURE = np.full((1, 16, 20, 3), 100, np.float32)


def _prove(format, error, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    return prove(format, path, lambda p: p + error, [_PICTURE], [_PICTURE])


def test_a_proof_measures(tmp_path):
    proof = _prove("onnx", np.float32(0.125), tmp_path)
    assert proof.bytes == 5 and proof.size == (16, 20)
    assert proof.largest_error == 0.125
    assert proof.psnr == pytest.approx(20 * math.log10(255 / 0.125))
    assert proof.failure is None and proof.seconds > 0


@pytest.mark.parametrize(
    "format,error,fails",
    [
        ("onnx", 0.25, False),
        ("onnx", 0.26, True),
        ("onnx", np.nan, True),
        ("tflite_float16", 0.25, False),
        ("tflite_float16", 0.26, True),  # 59.8 dB
        ("tflite_int8", 6.4, False),
        ("tflite_int8", 6.5, True),  # 31.9 dB
        ("tflite_int8", np.nan, True),
    ],
)
def test_the_floors(format, error, fails, tmp_path):
    proof = _prove(format, np.float32(error), tmp_path)
    assert (proof.failure is not None) == fails
    assert not fails or "file at 16x20" in proof.failure


def test_the_table_lines_up():
    lines = table(
        [
            Proof("onnx", "a", 1000, (9, 9), None, 0.0, 0.001),
            Proof("onnx", "long.onnx", 10**6, (512, 512), 61.23, 0.2, 1.5),
        ]
    ).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[2].split() == "long.onnx 512x512 1000 61.2 0.2 1500".split()
    assert "exact" in lines[1]
