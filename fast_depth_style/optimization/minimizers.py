"""Optimizers of the pixels: L-BFGS and Adam."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from fast_depth_style.errors import MissingExtraError
from fast_depth_style.optimization.objective import LossValue

Objective = Callable[[np.ndarray], LossValue]
Report = Callable[[np.ndarray, LossValue], bool]
Minimizer = Callable[[Objective, np.ndarray, int, Report], None]

_WHITE = 255.0


def minimizer(name: str, learning_rate: float) -> Minimizer:
    """The minimizer "lbfgs", or "adam" with a learning rate in grey levels.

    A minimizer takes the objective, the picture to start from, (height, width,
    3) RGB in 0..255, the number of iterations, and a function that it calls
    after each with the picture and its loss; False from it ends the work.
    """
    if name == "adam":
        return functools.partial(minimize_adam, learning_rate=learning_rate)
    try:
        import scipy.optimize  # noqa: F401
        import threadpoolctl  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("--optimizer=lbfgs", "optimize") from error
    return minimize_lbfgs


def minimize_lbfgs(
    objective: Objective, picture: np.ndarray, iterations: int, report: Report
) -> None:
    """Minimizes by L-BFGS (Liu, Nocedal 1989), SciPy's.

    It works in colours 0..1: its very first step has the length 1, which in
    grey levels would be nothing. A step takes one or a few evaluations; there
    are fewer steps where the rounding of float32 ends a line search early, and
    none where nothing is left to gain.
    """
    import scipy.optimize
    import threadpoolctl

    latest: LossValue

    def as_picture(z):
        return (z * _WHITE).reshape(picture.shape).astype(np.float32)

    def value_and_gradient(z):
        nonlocal latest
        latest = objective(as_picture(z))
        return latest.loss, latest.gradient.ravel() * _WHITE

    def after_step(intermediate_result):
        # A line search ends with the evaluation of the step that it takes.
        if not report(as_picture(intermediate_result.x), latest):
            raise StopIteration

    # No tolerance of its own: gradients by pixel are tiny.
    options: Any = {
        "maxfun": np.inf,
        "maxcor": 10,
        "ftol": 0.0,
        "gtol": 0.0,
        "maxiter": iterations,
    }
    # More threads of SciPy's wait by spinning, and take the cores from the
    # networks: a small picture took twice as long.
    with threadpoolctl.threadpool_limits(1, "blas"):
        scipy.optimize.minimize(
            value_and_gradient,
            picture.astype(np.float64).ravel() / _WHITE,
            method="L-BFGS-B",
            jac=True,
            callback=after_step,
            options=options,
        )


def minimize_adam(
    objective: Objective,
    picture: np.ndarray,
    iterations: int,
    report: Report,
    learning_rate: float,
) -> None:
    """Minimizes by Adam (Kingma, Ba 2015), Keras'.

    A step is one evaluation; what is reported is the picture after it and the
    loss before it.
    """
    variable = keras.Variable(picture, dtype="float32")
    adam = keras.optimizers.Adam(learning_rate)
    adam.build([variable])
    for _ in range(iterations):
        found = objective(np.array(variable))
        adam.apply([np.float32(found.gradient)], [variable])
        if not report(np.array(variable), found):
            break
