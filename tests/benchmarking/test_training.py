import dataclasses

import numpy as np
import pytest

from fast_depth_style.benchmarking import training
from fast_depth_style.benchmarking.agreement import DifferentFunctions
from fast_depth_style.benchmarking.contestant import Contestant
from fast_depth_style.training.hardware import bfloat16_is_fast
from fast_depth_style.training.settings import preset

_SETTINGS = preset(
    "balanced",
    perceptual_network="",
    width=0.1,
    image_size=64,
    style_size=64,
    batch_size=1,
    optimizer="adam",
)


@pytest.mark.slow
def test_our_contestant_trains(tmp_path):
    training._prepare(_SETTINGS, tmp_path)
    contestant = Contestant(
        "TensorFlow float32",
        training.tensorflow_step,
        folder=str(tmp_path),
        threads=1,
        bfloat16=False,
    )
    first, second = contestant.results["losses"]

    assert np.isfinite(first) and first != second
    assert contestant.results["pictures"].shape == (1, 64, 64, 3)
    assert contestant.go() > 0
    assert contestant.finish() > 100 << 20


@dataclasses.dataclass
class _Finished:
    """A contestant with these results."""

    name: str
    results: dict


def _results(picture=100.0, losses=(4.0, 5.0)):
    pictures = np.full((1, 2, 2, 3), picture)
    return {"pictures": pictures, "losses": np.array(losses)}


def _require(name, **results):
    training._require_the_same(
        [
            _Finished(training.REFERENCE, _results()),
            _Finished(name, _results(**results)),
        ]
    )


@pytest.mark.parametrize(
    "results",
    [{"picture": 100.5}, {"losses": (4.01, 5.0)}, {"losses": (4.0, 4.9)}],
)
def test_what_trains_differently_is_refused_in_float32(results):
    _require("TensorFlow bfloat16", **results)
    with pytest.raises(DifferentFunctions):
        _require("TensorFlow float32", **results)


def test_what_trains_differently_is_refused_in_bfloat16():
    with pytest.raises(DifferentFunctions):
        _require("TensorFlow bfloat16", losses=(4.0, 4.0 * 0.9))


def test_a_comparison():
    pytest.importorskip("torch")
    measurements = training.compare_training(
        _SETTINGS, rounds=1, threads=1, warm_up=0
    )

    kinds = ["bfloat16", "float32"] if bfloat16_is_fast() else ["float32"]
    assert [each.name for each in measurements] == [
        f"{name} {kind}" for name in ("TensorFlow", "PyTorch") for kind in kinds
    ]
    assert training.REFERENCE in {each.name for each in measurements}
    assert all(each.seconds[0] > 0 for each in measurements)
