"""What moves the pixels: L-BFGS and Adam."""

from collections.abc import Callable

import keras
import numpy as np
import scipy.optimize
import threadpoolctl

from fast_depth_style.optimization.objective import Judgement

Objective = Callable[[np.ndarray], Judgement]
Report = Callable[[np.ndarray, Judgement], bool]

_WHITE = 255.0


def minimize_lbfgs(
    objective: Objective,
    picture: np.ndarray,
    iterations: int,
    report: Report,
) -> None:
    """Minimizes by L-BFGS (Liu, Nocedal 1989), SciPy's.

    It works in colours 0..1: its very first step has the length 1, which in
    grey levels would be nothing.

    Args:
        objective: Judges a picture.
        picture: (height, width, 3) RGB in 0..255, where to start.
        iterations: Steps, each of one or a few judgements; fewer where no
            step makes the picture better.
        report: Called after each step with the picture and its judgement;
            False ends the work.
    """
    done, stopped, latest = 0, False, None
    position = picture.astype(np.float64).ravel() / _WHITE

    def as_picture(z):
        return (z * _WHITE).reshape(picture.shape).astype(np.float32)

    def value_and_gradient(z):
        nonlocal latest
        latest = objective(as_picture(z))
        return latest.loss, latest.gradient.ravel() * _WHITE

    def after_step(intermediate_result):
        nonlocal done, stopped
        done += 1
        # A line search ends with the judgement of the step that it takes.
        stopped = not report(as_picture(intermediate_result.x), latest)
        if stopped:
            raise StopIteration

    while done < iterations and not stopped:
        before = done
        # More threads of SciPy's wait by spinning, and take the cores from the
        # networks: a small picture took twice as long.
        with threadpoolctl.threadpool_limits(1, "blas"):
            result = scipy.optimize.minimize(
                value_and_gradient,
                position,
                method="L-BFGS-B",
                jac=True,
                callback=after_step,
                options={
                    "maxiter": iterations - done,
                    "maxfun": np.inf,
                    "maxcor": 10,
                    # No tolerance of its own: gradients by pixel are tiny.
                    "ftol": 0.0,
                    "gtol": 0.0,
                },
            )
        position = result.x
        # The rounding of float32 may end a line search early; a fresh start
        # goes on, or finds that there is nothing left to gain.
        if done == before:
            break


def minimize_adam(
    objective: Objective,
    picture: np.ndarray,
    iterations: int,
    report: Report,
    learning_rate: float,
) -> None:
    """Minimizes by Adam (Kingma, Ba 2015), Keras'.

    Args:
        objective: Judges a picture.
        picture: (height, width, 3) RGB in 0..255, where to start.
        iterations: Steps, each of one judgement.
        report: Called after each step with the picture and the judgement of
            the picture before it; False ends the work.
        learning_rate: In grey levels.
    """
    variable = keras.Variable(picture, dtype="float32")
    adam = keras.optimizers.Adam(learning_rate)
    adam.build([variable])
    for _ in range(iterations):
        judgement = objective(np.array(variable))
        adam.apply([np.float32(judgement.gradient)], [variable])
        if not report(np.array(variable), judgement):
            break
