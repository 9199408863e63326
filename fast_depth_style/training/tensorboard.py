"""Losses for TensorBoard."""

import pathlib

import keras
import tensorflow as tf

_EVERY = 10


class TensorBoardLog(keras.callbacks.Callback):
    """Writes loss, terms and shares under the step of the whole run.

    Keras' own callback counts from 0 again when a run is continued.
    """

    def __init__(self, folder: pathlib.Path, start: int, objective):
        """Creates the callback.

        Args:
            folder: Log directory.
            start: Steps done so far.
            objective: Gives the shares.
        """
        super().__init__()
        self._writer = tf.summary.create_file_writer(str(folder))
        self._step = start
        self._objective = objective

    def on_train_batch_end(self, batch, logs=None):
        """Writes every tenth step."""
        self._step += 1
        if self._step % _EVERY and batch:
            return
        with self._writer.as_default(step=self._step):
            for name, value in logs.items():
                tf.summary.scalar(name, float(value))
            for name, share in self._objective.shares(
                logs, self._step - 1
            ).items():
                tf.summary.scalar(f"share/{name}", share)
        self._writer.flush()

    def on_train_end(self, logs=None):
        """Closes the log."""
        self._writer.close()
