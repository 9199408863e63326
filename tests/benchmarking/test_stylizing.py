import pytest

from fast_depth_style.benchmarking import stylizing


def test_a_comparison():
    pytest.importorskip("torch")
    pytest.importorskip("onnxruntime")
    measurements = stylizing.compare_stylizing(
        34, 50, rounds=1, threads=1, network_width=0.1, warm_up=0
    )

    names = [each.name for each in measurements]
    assert names == ["SavedModel", *stylizing.REFERENCES]
    assert all(each.seconds[0] > 0 for each in measurements)
