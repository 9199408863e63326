"""What guards a run: checkpoints, and stops that keep them good."""

import math
import pathlib
import signal
import threading

import keras

from fast_depth_style.training import checkpoint
from fast_depth_style.training.checkpoint import NotFiniteError


class Checkpoints(keras.callbacks.Callback):
    """Saves every so many steps, and at the end."""

    def __init__(self, folder: pathlib.Path, start: int, every: int):
        """Creates the callback.

        Args:
            folder: Where checkpoints lie.
            start: Steps done so far.
            every: Steps between checkpoints.
        """
        super().__init__()
        self._folder = folder
        self._start = self._step = start
        self._every = every
        self._saved = start

    def needs_trainer(self, batch) -> bool:
        """Whether a checkpoint is due after this step."""
        return (self._start + batch + 1) % self._every == 0

    def on_train_batch_end(self, batch, logs=None):
        """Saves where a checkpoint is due."""
        self._step = self._start + batch + 1
        if self.needs_trainer(batch):
            self._save()

    def on_train_end(self, logs=None):
        """Saves the last step."""
        if self._saved != self._step:
            self._save()

    def _save(self):
        checkpoint.save_checkpoint(self._folder, self._step, self.model)
        self._saved = self._step


class StopIfNotFinite(keras.callbacks.Callback):
    """Stops a run that diverged before anything of it is kept."""

    def __init__(self, folder: pathlib.Path, start: int):
        """Creates the callback.

        Args:
            folder: Where checkpoints lie; the message names the newest.
            start: Steps done so far.
        """
        super().__init__()
        self._folder = folder
        self._start = start

    def on_train_batch_end(self, batch, logs=None):
        """Raises where a term is NaN or infinite.

        The weights that gave it are those after the step before: a checkpoint
        of that step is finite, but no good, and goes.

        Raises:
            NotFiniteError: Says which terms, and how to go on.
        """
        bad = [k for k, v in logs.items() if not math.isfinite(float(v))]
        if not bad:
            return
        done = self._start + batch
        kept = []
        for path in checkpoint.checkpoints(self._folder):
            if checkpoint.checkpoint_step(path) == done:
                path.unlink()
            else:
                kept.append(path)
        where = f"{kept[-1]} is intact" if kept else "no checkpoint yet"
        raise NotFiniteError(
            f"training diverged at step {done + 1}: {', '.join(bad)} not"
            f" finite ({where}); {checkpoint.RETRY}"
        )


class StopWhenInterrupted(keras.callbacks.Callback):
    """Ends a run after the step during which Ctrl-C was pressed.

    So nothing is half done, and all that is written at the end is written. A
    second Ctrl-C stops at once. Use it as a context manager around `fit`.

    Attributes:
        interrupted: Whether Ctrl-C was pressed.
    """

    def __init__(self):
        """Creates the callback."""
        super().__init__()
        self.interrupted = False
        self._before = None

    def __enter__(self):
        """Takes over Ctrl-C, where the main thread trains."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *_):
        """Gives Ctrl-C back."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def needs_trainer(self, batch) -> bool:
        """Whether the run is to end after this step."""
        return self.interrupted

    def on_train_batch_end(self, batch, logs=None):
        """Asks `fit` to end."""
        if self.interrupted:
            self.model.stop_training = True

    def _interrupt(self, *_):
        self.interrupted = True
        signal.signal(signal.SIGINT, self._before)
