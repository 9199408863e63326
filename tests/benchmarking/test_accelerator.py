import json
import os
import subprocess
import sys

import pytest

from fast_depth_style.benchmarking.accelerator import (
    Part,
    measure_training,
    report,
)
from fast_depth_style.requests import RequestError
from fast_depth_style.training.settings import preset

_PARTS = [
    Part("matrix product, bfloat16", 0.002, 1e12),
    Part("step", 0.01, 1e12),
    Part("step of a run", 0.012, 1e12),
]


def test_rates_are_told_and_judged_by_the_matrix_product():
    lines = report(_PARTS, batch_size=4, steps=40_000).splitlines()

    assert lines[2:5] == [
        "| matrix product, bfloat16 | 2.00 | 1000.0 | 500 | 100% |",
        "| step | 10.00 | 1000.0 | 100 | 20% |",
        "| step of a run | 12.00 | 1000.0 | 83.3 | 17% |",
    ]
    assert lines[-1] == (
        "83.33 steps/s, 333.3 images/s: 40,000 steps take 8.0 minutes."
    )


def test_another_backend_is_refused():
    with pytest.raises(RequestError, match="needs KERAS_BACKEND=jax"):
        measure_training(preset("balanced"), 1)


_MEASURE = """
import json, sys
sys.modules["tensorflow"] = None
import dataclasses
from fast_depth_style.benchmarking.accelerator import measure_training
from fast_depth_style.training.settings import preset
settings = preset(
    "balanced", perceptual_network="compact", depth_network="compact",
    width=0.1, image_size=64, style_size=64, batch_size=1,
)
parts = measure_training(settings, 2, calls=2)
print(json.dumps([dataclasses.asdict(part) for part in parts]))
"""


@pytest.mark.slow
def test_a_step_s_arithmetic_is_that_of_its_parts():
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE],
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    product, network, objective, step, run = (
        Part(**part) for part in json.loads(done.stdout.splitlines()[-1])
    )

    assert product.flop == 2 * 1024**3
    # The step's network pass is counted once; Adam adds little.
    assert step.flop == pytest.approx(network.flop + objective.flop, rel=0.05)
    assert run.flop == step.flop
    assert min(part.seconds for part in (product, network, step, run)) > 0
