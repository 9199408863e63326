"""Optimization of one picture at several sizes, coarse to fine."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np

from fast_depth_style.errors import NotFiniteError, RequestError
from fast_depth_style.images.size import resize
from fast_depth_style.optimization.inputs import Inputs
from fast_depth_style.optimization.minimizers import minimizer
from fast_depth_style.optimization.objective import LossValue, PictureObjective
from fast_depth_style.optimization.settings import OptimizationSettings
from fast_depth_style.perception import registry
from fast_depth_style.runs.pictures import to_uint8
from fast_depth_style.runs.progress import Progress

_LEAST_COARSE_SIDE = 48
_ROUND = 50
"""Iterations after which a minimizer begins with a fresh memory."""


@dataclasses.dataclass(frozen=True, eq=False)
class State:
    """Iterations done, and the pixels.

    They are (height, width, 3) float32 RGB, about 0..255, at one of the
    `PictureOptimization.sizes`.
    """

    done: int
    picture: np.ndarray


class PictureOptimization:
    """Makes one picture: `inputs`, at each of the `sizes`, coarse to fine."""

    def __init__(
        self,
        settings: OptimizationSettings,
        inputs: Inputs,
        perceptual: keras.Model | None = None,
    ):
        """Checks the inputs as they were read, and makes the networks.

        `perceptual` may have more layers than the settings; None makes it.
        What does not suit or cannot be had is a `RequestError`.
        """
        if keras.backend.backend() != "tensorflow":
            raise RequestError(
                "optimizing a picture needs KERAS_BACKEND=tensorflow: set it"
            )
        self._settings = settings
        self.inputs = inputs.fitted(settings)
        least = max(settings.least_side(), _LEAST_COARSE_SIDE)
        height, width = self.inputs.photo.shape[:2]
        self.sizes = [(height, width)]
        while len(self.sizes) < settings.scales and (
            min(height, width) >= 2 * least
        ):
            height, width = (height + 1) // 2, (width + 1) // 2
            self.sizes.insert(0, (height, width))
        count = len(self.sizes)
        self._ends = [
            settings.iterations * (index + 1) // count for index in range(count)
        ]
        self._minimize = minimizer(settings.optimizer, settings.learning_rate)
        self._perceptual = perceptual or registry.perceptual_network(
            settings.perceptual_network,
            settings.layers(),
            pooling=settings.pooling,
        )
        self._estimator = None
        if settings.has_depth():
            self._estimator = registry.depth_network(settings.depth_network)
        self._objectives: dict[tuple[int, int], PictureObjective] = {}

    def start(self) -> State:
        """The initial picture, at the first scale."""
        size = self.sizes[0]
        init = self.inputs.init
        if init is None and self._settings.init == "noise":
            random = np.random.default_rng(self._settings.seed)
            noise = random.uniform(0, 255, (*size, 3))
            return State(0, noise.astype(np.float32))
        init = self.inputs.photo if init is None else init
        return State(0, resize(init, size).astype(np.float32))

    def objective(self, size: tuple[int, int]) -> PictureObjective:
        """The objective at one of the sizes; refused as by `Inputs.scaled`."""
        if size not in self._objectives:
            # Those of other sizes would only take memory.
            self._objectives.clear()
            self._objectives[size] = PictureObjective(
                self._settings,
                self._perceptual,
                self._estimator,
                self.inputs.scaled(size, self._settings),
            )
        return self._objectives[size]

    def run(
        self,
        state: State,
        after_step: Callable[[State, LossValue], bool] = lambda *_: True,
        after_round: Callable[[State], None] = lambda _: None,
    ) -> State:
        """Does the iterations that are left, with a progress line.

        `after_step` is called after each; False from it ends the work. Work
        that starts from a state of `after_round` gives the same picture as
        work that was not interrupted. A loss that is not finite raises
        `NotFiniteError`.
        """
        total = self._settings.iterations
        progress = Progress(total, state.done)
        going_on = True

        def evaluate(picture: np.ndarray) -> LossValue:
            found = objective(picture)
            _require_finite(found, state.done)
            return found

        def report(picture: np.ndarray, found: LossValue) -> bool:
            nonlocal state, going_on
            state = State(state.done + 1, picture)
            parts = [f"iteration {state.done} of {total}"]
            parts.append(f"loss {found.loss:.4g}")
            parts += [f"{n} {share:.0%}" for n, share in found.shares.items()]
            progress.update(1, ", ".join(parts))
            going_on = after_step(state, found)
            return going_on

        try:
            first = self.sizes.index(state.picture.shape[:2])
            for scale in range(first, len(self.sizes)):
                size, end = self.sizes[scale], self._ends[scale]
                if state.done >= end or not going_on:
                    continue
                if state.picture.shape[:2] != size:
                    picture = resize(to_uint8(state.picture), size)
                    state = State(state.done, picture.astype(np.float32))
                objective = self.objective(size)
                while state.done < end and going_on:
                    before = state.done
                    count = min(_ROUND, end - before)
                    self._minimize(evaluate, state.picture, count, report)
                    if going_on and state.done == before:
                        # No step lowers the loss any more.
                        progress.update(end - before)
                        state = State(end, state.picture)
                    if going_on or state.done == before + count:
                        after_round(state)
        finally:
            progress.close()
        return state

    def to_rgb(self, picture: np.ndarray) -> np.ndarray:
        """(height, width, 3) uint8 at the size of the photo."""
        return resize(to_uint8(picture), self.inputs.photo.shape[:2])


def _require_finite(found: LossValue, done: int) -> None:
    if np.isfinite(found.loss + found.gradient.sum()):
        return
    bad = [n for n, v in found.terms.items() if not np.isfinite(v)]
    raise NotFiniteError(
        f"the loss is not finite after iteration {done}"
        f" ({', '.join(bad) or 'its gradient'}): give a smaller"
        " --learning_rate or weight"
    )
