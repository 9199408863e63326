import keras
import numpy as np
import pytest

from fast_depth_style.benchmarking.contestant import ContestantFailed
from fast_depth_style.benchmarking.tflite_files import (
    compare_files,
    require_files,
    tflite,
)
from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.requests import RequestError
from fast_depth_style.serving.tflite import convert_tflite


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    keras.utils.set_random_seed(0)
    network = Transformer(width=0.1, blocks=1)
    network.build()
    for side in (64, 16):
        content = convert_tflite(network, "float16", (side, side))
        (folder / f"{side}.tflite").write_bytes(content)
    return folder / "64.tflite", folder / "16.tflite"


@pytest.mark.slow
def test_the_smaller_picture_takes_less(files):
    large, small = compare_files(files, rounds=5, threads=1)

    assert [large.name, small.name] == [str(file) for file in files]
    assert min(small.seconds) < min(large.seconds)
    assert 0 < small.peak_bytes < 2**30


def test_what_runs_is_the_file(files):
    results, turn = tflite(str(files[1]), 1)

    assert results["picture"].shape == (1, 16, 16, 3)
    np.testing.assert_array_equal(turn(), results["picture"])


def test_what_is_no_model_fails(tmp_path):
    (tmp_path / "text.tflite").write_text("not a model")
    with pytest.raises(ContestantFailed, match="text.tflite"):
        compare_files([tmp_path / "text.tflite"], 1, 1)


@pytest.mark.parametrize(
    "names, says",
    [
        ([], "give --files="),
        (["16.tflite", "16.tflite"], "twice"),
        (["16.tflite", "none.tflite"], "none.tflite: no such file"),
    ],
)
def test_wrong_files_are_refused(files, names, says):
    with pytest.raises(RequestError, match=says):
        require_files([files[0].parent / name for name in names])
