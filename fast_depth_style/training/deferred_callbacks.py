"""Callbacks for which an accelerator need not wait."""

import math
import time
from collections.abc import Sequence

import keras

_MOST = 32
"""Steps whose losses wait on the device at most."""

_SECONDS = 0.5
"""How old they grow at most, as long as there are further steps."""


class DeferredCallbacks(keras.callbacks.CallbackList):
    """Tells callbacks of several steps at a time, of each with its losses.

    Keras's own list fetches every step's losses before the next step begins:
    the device waits for the host, whatever the callbacks do. Here steps queue
    up, and callbacks hear of them late, but of every one, in order.

    A callback that needs the trainer as it is after a certain step says so by
    a method `needs_trainer(batch)`; at the end of such a step all callbacks
    are told at once of all that they have not heard of. `steps_per_execution`
    would be no help: it drops all losses but the last.
    """

    def __init__(
        self, callbacks: Sequence[keras.callbacks.Callback], model: keras.Model
    ):
        """Creates the list, to be given to `fit` as its callbacks.

        Args:
            callbacks: In the order in which they are told.
            model: The trainer.
        """
        super().__init__([*callbacks], add_history=True, model=model)
        # Never from another thread: callbacks may look at the trainer.
        self._async_train = False
        self._needs = [
            callback.needs_trainer
            for callback in callbacks
            if hasattr(callback, "needs_trainer")
        ]
        self._waiting = []
        self._told = -math.inf

    def on_train_batch_end(self, batch, logs=None):
        """Keeps the losses; tells of the steps before when it is time."""
        self._waiting.append((batch, logs))
        if time.monotonic() - self._told >= _SECONDS or any(
            needs(batch) for needs in self._needs
        ):
            self._tell(len(self._waiting))
        elif len(self._waiting) == _MOST:
            # The device goes on with the younger half meanwhile.
            self._tell(_MOST // 2)

    def on_epoch_end(self, epoch, logs=None):
        """Tells of the steps that are left."""
        self._tell(len(self._waiting))
        super().on_epoch_end(epoch, logs)

    def _tell(self, count):
        steps, self._waiting = self._waiting[:count], self._waiting[count:]
        for batch, logs in steps:
            super().on_train_batch_end(batch, logs)
        self._told = time.monotonic()
