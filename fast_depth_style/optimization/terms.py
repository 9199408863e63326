"""Which terms count for a picture, and how much."""

from collections.abc import Mapping


class Terms:
    """The weights of the terms, and what follows from them.

    Attributes:
        terms: Names of the terms, in the order in which they are shown.
    """

    def __init__(self, weights: Mapping[str, float]):
        """Takes {term: weight}."""
        self.weights = dict(weights)
        self.terms = tuple(self.weights)

    def total(self, terms: Mapping[str, float]) -> float:
        """The weighted sum of unweighted `terms`."""
        return sum(w * float(terms[n]) for n, w in self.weights.items())

    def shares(self, terms: Mapping[str, float], step: int = 0) -> dict:
        """Each term's weighted share of the total, adding up to 1.

        Args:
            terms: The unweighted terms.
            step: Ignored: weights are the same all along.
        """
        del step
        total = self.total(terms) or 1.0
        return {n: w * float(terms[n]) / total for n, w in self.weights.items()}
