"""Callbacks of a training run: checkpoints, losses, previews, stopping."""

import importlib.util
import math
import os
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from fast_depth_style.errors import NotFiniteError
from fast_depth_style.objective import Objective
from fast_depth_style.runs import checkpoint, pictures
from fast_depth_style.runs.interrupts import StopBetweenSteps
from fast_depth_style.runs.losses import LossLog
from fast_depth_style.runs.progress import Progress
from fast_depth_style.training.settings import TrainingSettings

_MOST = 32
"""Most steps whose losses wait on the device."""

_SECONDS = 0.5
"""Age at which they are reported at the next step."""


class DeferredCallbacks(keras.callbacks.CallbackList):
    """Callback list that reports steps in batches, each with its losses.

    Keras's own list fetches every step's losses before the next step begins:
    an accelerator waits for the host. `steps_per_execution` would drop all
    losses but the last.

    If a callback's `needs_trainer(step)` is true, all pending steps are
    reported at once, so that the trainer is that of the step. After a signal
    `fit` ends with the current step.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        model: keras.Model,
        stop: StopBetweenSteps,
    ):
        """Creates the list, to be given to `fit` as its callbacks."""
        super().__init__([*callbacks], add_history=True, model=model)
        self._stop = stop
        # Never from another thread: callbacks may look at the trainer.
        self._async_train = False
        self._needs = [
            callback.needs_trainer
            for callback in callbacks
            if hasattr(callback, "needs_trainer")
        ]
        self._waiting: list[tuple[int, Any]] = []
        self._told = -math.inf

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keeps the losses; reports pending steps when it is time."""
        self._waiting.append((batch, logs))
        if self._stop.signal is not None:
            self._model.stop_training = True
        if time.monotonic() - self._told >= _SECONDS or any(
            needs(batch) for needs in self._needs
        ):
            self._tell(len(self._waiting))
        elif len(self._waiting) == _MOST:
            # The device goes on with the younger half meanwhile.
            self._tell(_MOST // 2)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Reports the steps that are left."""
        self._tell(len(self._waiting))
        super().on_epoch_end(epoch, logs)

    def _tell(self, count: int) -> None:
        steps, self._waiting = self._waiting[:count], self._waiting[count:]
        for batch, logs in steps:
            super().on_train_batch_end(batch, logs)
        self._told = time.monotonic()


class Losses(keras.callbacks.Callback):
    """Checks every step's losses and writes them down.

    They go to losses.csv and .png, to the progress line and, under TensorFlow,
    every tenth step to TensorBoard, under the step of the whole run.
    """

    def __init__(
        self,
        workdir: pathlib.Path,
        start: int,
        settings: TrainingSettings,
        objective: Objective,
    ):
        """Opens the files of a run that has done `start` steps."""
        super().__init__()
        self._start = start
        self._batch_size = settings.batch_size
        self._objective = objective
        self._checkpoints = workdir / "checkpoints"
        self._log = LossLog(
            workdir / "losses.csv",
            start,
            settings.preview_every,
            [*objective.terms],
        )
        self._progress = Progress(settings.steps, start, "step")
        self._board: Any = None
        if keras.backend.backend() == "tensorflow" and (
            importlib.util.find_spec("tensorboard")  # an extra
        ):
            import tensorflow as tf

            # As bytes: a name need not be UTF-8.
            folder = os.fsencode(workdir / "tensorboard")
            self._board = tf.summary.create_file_writer(folder)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Writes one step, or raises `NotFiniteError`."""
        step = self._start + batch
        self._require_finite(step, logs)
        shares = self._objective.shares(logs, step)
        self._log.add(step + 1, logs["loss"], logs, shares)
        rate = self._progress.rate
        parts = [f"{self._batch_size * rate:.1f} images/s"] if rate else []
        parts.append(f"loss {float(logs['loss']):.4g}")
        parts += [f"{name} {share:.0%}" for name, share in shares.items()]
        self._progress.update(1, ", ".join(parts))
        if self._board is not None and ((step + 1) % 10 == 0 or batch == 0):
            self._write_board(step + 1, logs, shares)

    def close(self) -> None:
        """Ends line and files, whatever ended the run."""
        self._progress.close()
        self._log.close()
        if self._board is not None:
            self._board.close()

    def _write_board(self, step, logs, shares):
        import tensorflow as tf

        with self._board.as_default(step=step):
            for name, value in logs.items():
                tf.summary.scalar(name, float(value))
            for name, share in shares.items():
                tf.summary.scalar(f"share/{name}", share)
        self._board.flush()

    def _require_finite(self, done, logs):
        bad = [k for k, v in logs.items() if not math.isfinite(float(v))]
        if not bad:
            return
        # The weights that gave it are those after the step before: a
        # checkpoint of that step is finite, but no good.
        kept = []
        for path in checkpoint.checkpoints(self._checkpoints):
            if checkpoint.checkpoint_step(path) == done:
                path.unlink()
            else:
                kept.append(path)
        where = f"{kept[-1]} is intact" if kept else "no checkpoint yet"
        raise NotFiniteError(
            f"training diverged at step {done + 1}: {', '.join(bad)} not"
            f" finite ({where}); {checkpoint.RETRY}"
        )


class _Every(keras.callbacks.Callback):
    """Acts every so many steps, and at the end.

    `start` is the number of steps done so far.
    """

    def __init__(self, start: int, every: int):
        super().__init__()
        self._start = self._step = self._done = start
        self._every = every

    def needs_trainer(self, batch: int) -> bool:
        """Whether it acts after this step."""
        return (self._start + batch + 1) % self._every == 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Acts where it is time."""
        self._step = self._start + batch + 1
        if self.needs_trainer(batch):
            self._do_now()

    def on_train_end(self, logs: Any = None) -> None:
        """Acts once more, if not after the last step."""
        if self._done != self._step:
            self._do_now()

    def _do_now(self):
        self._do(self._step)
        self._done = self._step


class Checkpoints(_Every):
    """Saves network and optimizer every so many steps, and at the end."""

    def __init__(self, folder: pathlib.Path, start: int, every: int):
        """`folder` is where checkpoints lie."""
        super().__init__(start, every)
        self._folder = folder

    def _do(self, step):
        checkpoint.save_checkpoint(self._folder, step, self.model.state())


class Preview(_Every):
    """Writes strips of pictures: photos above, stylized below.

    A row for each style; two where it has dials: without depth and with.
    """

    def __init__(
        self, folder: pathlib.Path, start: int, every: int, photos: np.ndarray
    ):
        """`folder` receives step_NNNNNNN.png and latest.png.

        The first and the last step get one too, of the same uint8 photos.
        """
        super().__init__(start, every)
        self._folder = folder
        self._photos = photos
        folder.mkdir(parents=True, exist_ok=True)

    def needs_trainer(self, batch: int) -> bool:
        """Whether a strip is due after this step."""
        return self._start + batch == 0 or super().needs_trainer(batch)

    def _do(self, step):
        network = self.model.network
        rows = [[*self._photos]]
        photos = ops.convert_to_tensor(self._photos, "float32")
        for style in np.eye(len(network.styles), dtype="float32"):
            for depth in (0.0, 1.0) if network.dials else (0.0,):
                dials = np.array([[depth, 0.5]], "float32")
                vectors = network.vectors(style[None], dials)
                painted = ops.convert_to_numpy(network(photos, vectors))
                rows.append([*pictures.to_uint8(painted)])
        pictures.write_png(
            pictures.contact_sheet(rows),
            self._folder / f"step_{step:07d}.png",
            self._folder / "latest.png",
        )
