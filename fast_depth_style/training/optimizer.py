"""Optimizers of training: Muon for convolution kernels, or Adam."""

import collections
import dataclasses
from typing import Any

import keras
from keras import ops

_VECTOR_RATE = 5.0
"""Times the learning rate of kernels at which style vectors are learned. At the
same rate, styles still look alike after 1,000 pictures of seven."""


def make_optimizer(
    kind: str, learning_rate: float, steps: int, decay_from: float
) -> keras.optimizers.Optimizer:
    """The optimizer "muon" or "adam" with a `ConstantThenLinear` rate."""
    rate = ConstantThenLinear(learning_rate, steps, decay_from)
    if kind == "adam":
        return keras.optimizers.Adam(rate)
    return KernelMuon(
        rate,
        weight_decay=None,
        adam_weight_decay=None,
        adam_lr_ratio=_VECTOR_RATE,
    )


@dataclasses.dataclass(eq=False)
class ConstantThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """Constant, then linear to a tenth at the end of the run's `steps`.

    It falls after the part `decay_from` of the run.
    """

    learning_rate: float
    steps: int
    decay_from: float

    def __call__(self, step: Any) -> Any:
        """The rate of `step`, counted from 0."""
        done = ops.cast(step, "float32") / self.steps
        tail = max(1.0 - self.decay_from, 1e-9)
        fallen = ops.clip((done - self.decay_from) / tail, 0.0, 1.0)
        return self.learning_rate * (1.0 - (1.0 - 0.1) * fallen)

    def get_config(self) -> dict[str, Any]:
        """What the constructor needs."""
        return dataclasses.asdict(self)


class KernelMuon(keras.optimizers.Muon):
    """Muon (Jordan 2024) for convolution kernels, Adam for all else.

    A kernel is a matrix from patches to channels; Keras's own Muon leaves
    everything but matrices to Adam.
    """

    def _should_use_adamw(self, variable):
        return len(variable.shape) != 4

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if keras.backend.backend() != "jax":
            super()._backend_update_step(
                grads, trainable_variables, learning_rate
            )
            return
        # Kernels of one shape at once: matrices as small as these take a GPU
        # no longer than the launch of what computes with them.
        groups = collections.defaultdict(list)
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            if self._should_use_adamw(variable):
                self.update_step(gradient, variable, learning_rate)
            else:
                groups[tuple(variable.shape)].append((gradient, variable))
        for group in groups.values():
            directions = [self._direction(*each) for each in group]
            updates = self._orthogonal(ops.stack(directions))
            for (_, variable), update in zip(group, updates, strict=True):
                self._move(variable, update, learning_rate)

    def _muon_update_step(self, gradient, variable, lr, m):
        direction = self._direction(gradient, variable)
        self._move(variable, self._orthogonal(direction), lr)

    def _direction(self, gradient, variable):
        """The gradient with Nesterov's momentum, as a matrix."""
        m = self.momentums[self._get_variable_index(variable)]
        self.assign_add(m, gradient + m * (self.momentum - 1))
        direction = gradient + self.momentum * m
        return ops.reshape(direction, (-1, direction.shape[-1]))

    def _orthogonal(self, matrices):
        return self.zeropower_via_newtonschulz5(matrices, self.ns_steps)

    def _move(self, variable, update, lr):
        update = self.lr_adjust(lr * update)
        self.assign_sub(variable, ops.reshape(update, variable.shape))
