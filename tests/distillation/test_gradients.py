import os
import subprocess
import sys

import pytest

_PROGRAM = """
import numpy as np
from keras import ops

from fast_depth_style.distillation.gradients import compiled, value_and_gradient

x = np.array([1.0, 2.0], "float32")
y = np.array([[3.0], [4.0]], "float32")


def cubes(x, factor):
    return factor * ops.sum(x**3)


value, gradient = compiled(value_and_gradient(cubes))(x, np.float32(2))
assert float(value) == 18
np.testing.assert_allclose(gradient, [6, 24])


def product(both):
    scalar = ops.sum(ops.matmul(both[0], both[1]))
    return scalar, {"twice": 2 * scalar}


(value, extras), gradient = compiled(value_and_gradient(product, extras=True))(
    [x[None], y]
)
assert float(value) == 11 and float(extras["twice"]) == 22
assert len(gradient) == 2
np.testing.assert_allclose(gradient[0], [[3, 4]])
np.testing.assert_allclose(gradient[1], [[1], [2]])
print("as by hand")
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_value_and_gradient_are_those_by_hand(backend):
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "as by hand\n", done.stderr
