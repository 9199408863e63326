"""The learning rate over a run."""

import keras
from keras import ops

_END = 0.1


class ConstantThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """Constant, then linear to a tenth at the end of the run."""

    def __init__(self, learning_rate: float, steps: int, decay_from: float):
        """Creates the schedule.

        Args:
            learning_rate: Rate at the start.
            steps: Length of the run.
            decay_from: Part of the run after which it falls; 1 never.
        """
        self.learning_rate = learning_rate
        self.steps = steps
        self.decay_from = decay_from

    def __call__(self, step):
        """Returns the rate of `step`, counted from 0."""
        done = ops.cast(step, "float32") / self.steps
        tail = max(1.0 - self.decay_from, 1e-9)
        fallen = ops.clip((done - self.decay_from) / tail, 0.0, 1.0)
        return self.learning_rate * (1.0 - (1.0 - _END) * fallen)

    def get_config(self):
        """Returns what the constructor needs."""
        return {
            "learning_rate": self.learning_rate,
            "steps": self.steps,
            "decay_from": self.decay_from,
        }
