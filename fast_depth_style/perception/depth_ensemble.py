"""Several depth networks that look at the same pictures."""

from collections.abc import Sequence

from fast_depth_style.perception.depth_estimator import DepthEstimator


class DepthEnsemble(DepthEstimator):
    """What several depth networks feel, side by side.

    To learn from: what pleases one network may be a weakness of that network;
    what pleases several is more likely depth. It has no map of its own, for
    the networks' maps differ in unit and size; they stand among the features.
    """

    def __init__(self, estimators: Sequence[DepthEstimator], **kwargs):
        """Creates an ensemble of networks that are ready."""
        super().__init__(**kwargs)
        self.estimators = list(estimators)
        self.built = True

    def outputs(self, pictures):
        """No map, and the features of all.

        Args:
            pictures: (batch, height, width, 3) float32 RGB in 0..255.

        Returns:
            None, and each network's map, (batch, h, w, 1), and features in
            turn.
        """
        found = []
        for estimator in self.estimators:
            depth, features = estimator.outputs(pictures)
            found += [depth[..., None], *features]
        return None, found
