"""Only what computes the same is worth comparing."""

from collections.abc import Mapping, Sequence

import numpy as np


class DifferentFunctions(RuntimeError):
    """Two contestants do not compute the same."""


def require_same_pictures(
    pictures: Mapping[str, np.ndarray], reference: str, tolerance: float
) -> None:
    """Refuses contestants whose pictures differ from the reference's.

    Args:
        pictures: {contestant: (batch, height, width, 3), 0..255}.
        reference: The contestant that the others are compared with.
        tolerance: Largest mean difference, in grey levels. A single pixel may
            differ ten times as much, and by the one level of rounding.

    Raises:
        DifferentFunctions: They differ by more, or are not of one shape.
    """
    expected = pictures[reference].astype(np.float64)
    for name, given in pictures.items():
        if given.shape != expected.shape:
            raise DifferentFunctions(
                f"{name} gives pictures of shape {given.shape}, {reference}"
                f" of {expected.shape}"
            )
        difference = np.abs(given - expected)
        mean, largest = difference.mean(), difference.max()
        # Written so that a NaN is refused too.
        if not (mean <= tolerance and largest <= 10 * tolerance + 1):
            raise DifferentFunctions(
                f"{name} and {reference} do not compute the same: their"
                f" pictures differ by {mean:.3g} grey levels in the mean and"
                f" {largest:.3g} at most; allowed are {tolerance:.3g} and"
                f" {10 * tolerance + 1:.3g}"
            )


def require_same_losses(
    losses: Mapping[str, np.ndarray],
    reference: str,
    tolerances: Sequence[float],
) -> None:
    """Refuses contestants whose losses differ from the reference's.

    Args:
        losses: {contestant: (steps,)}, the loss of its first steps. That of
            the first tells apart the objectives, those of the next the
            gradients and the optimizers.
        reference: The contestant that the others are compared with.
        tolerances: Largest relative difference at each step.

    Raises:
        DifferentFunctions: They differ by more.
    """
    expected = losses[reference]
    for name, given in losses.items():
        difference = np.abs(given / expected - 1)
        if not np.all(difference <= tolerances):
            raise DifferentFunctions(
                f"{name} and {reference} do not train the same: the losses of"
                f" their first steps are {given} and {expected}"
            )
