"""Base class of the depth networks, and several of them as one."""

import abc
from collections.abc import Sequence
from typing import Any

from fast_depth_style.perception.frozen_network import FrozenNetwork


class DepthEstimator(FrozenNetwork, abc.ABC):
    """A frozen network that estimates depth from pictures by its `outputs`.

    Attributes:
        quantity: "depth" (grows with distance) or "inverse_depth" (grows with
            nearness).
        is_metric: Whether the values are metres (or 1/metre); where not, they
            are known only up to a scale and a shift per picture.
    """

    quantity = "depth"
    is_metric = False

    @abc.abstractmethod
    def outputs(self, pictures: Any) -> tuple[list[Any], list[Any]]:
        """The map of `call` in a list, and features for a loss, finest last.

        They are (batch, h, w, channels) float32; a TF-Hub module has none.
        """

    def call(self, pictures: Any) -> Any:
        """(batch, h, w) float32 depth at the estimator's own resolution."""
        return self.outputs(pictures)[0][0]


class DepthEnsemble(DepthEstimator):
    """Several depth networks, to learn from together.

    One network alone teaches its own weaknesses, too. Maps differ in unit and
    size: there is one of each network.
    """

    def __init__(self, estimators: Sequence[DepthEstimator]):
        """Creates an ensemble of networks that are ready."""
        super().__init__()
        self.estimators = list(estimators)

    def outputs(self, pictures: Any) -> tuple[list[Any], list[Any]]:
        """The maps of all networks, and the features of all."""
        maps, features = [], []
        for estimator in self.estimators:
            found = estimator.outputs(pictures)
            maps += found[0]
            features += found[1]
        return maps, features
