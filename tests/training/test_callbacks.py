import os
import signal
import threading

import keras
import numpy as np
import pytest

from fast_depth_style.training import checkpoint
from fast_depth_style.training.callbacks import (
    Checkpoints,
    StopIfNotFinite,
    StopWhenInterrupted,
)
from fast_depth_style.training.checkpoint import NotFiniteError


class _Trainer(keras.Model):
    """As little as `fit` and checkpoints need."""

    def __init__(self):
        super().__init__(name="trainer")
        self.network = keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(1)]
        )
        self.compile(keras.optimizers.Adam(), loss="mse")
        self.optimizer.build(self.network.trainable_variables)

    def call(self, x):
        return self.network(x)


def _fit(callbacks, steps, targets=None):
    trainer = _Trainer()
    x = np.ones((steps, 1), "float32")
    trainer.fit(
        x,
        x if targets is None else targets,
        batch_size=1,
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )
    return trainer


def _steps(folder):
    return [
        checkpoint.checkpoint_step(path)
        for path in checkpoint.checkpoints(folder)
    ]


def test_checkpoints_come_every_so_many_steps_and_at_the_end(tmp_path):
    trainer = _fit([Checkpoints(tmp_path, start=10, every=4)], steps=8)

    # Of the whole run's steps: 12, 16 and, the last, 18.
    assert _steps(tmp_path) == [16, 18]
    stored = checkpoint.read_checkpoint(tmp_path / "step_0000018.npz")
    np.testing.assert_array_equal(
        stored["network/000"], trainer.network.get_weights()[0]
    )


class _Tell(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1


def test_a_run_that_diverges_stops_with_its_last_good_checkpoint(tmp_path):
    targets = np.ones((6, 1), "float32")
    targets[4] = np.nan
    tell = _Tell()

    with pytest.raises(NotFiniteError) as stopped:
        _fit(
            [
                StopIfNotFinite(tmp_path, start=10),
                Checkpoints(tmp_path, start=10, every=1),
                tell,
            ],
            6,
            targets,
        )

    # The fifth step's loss is that of the weights after the fourth.
    good = tmp_path / "step_0000013.npz"
    assert str(stopped.value).startswith(
        f"training diverged at step 15: loss not finite ({good} is intact); "
    )
    assert _steps(tmp_path) == [13]
    assert tell.steps == 4


def test_a_run_that_diverges_at_once_has_no_checkpoint(tmp_path):
    with pytest.raises(NotFiniteError, match="no checkpoint yet"):
        _fit([StopIfNotFinite(tmp_path, 0)], 1, np.full((1, 1), np.inf))


@pytest.fixture
def listening():
    """Python's handler, even where these tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


class _PressCtrlC(keras.callbacks.Callback):
    def __init__(self, step, times=1):
        super().__init__()
        self._step = step
        self._times = times

    def on_train_batch_begin(self, batch, logs=None):
        if batch == self._step:
            for _ in range(self._times):
                os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_the_run_after_the_step(listening, tmp_path):
    stop, tell = StopWhenInterrupted(), _Tell()
    save = Checkpoints(tmp_path, start=0, every=100)

    with stop:
        _fit([_PressCtrlC(2), stop, tell, save], 6)

    assert stop.interrupted
    assert tell.steps == 3
    assert _steps(tmp_path) == [3]
    assert signal.getsignal(signal.SIGINT) is listening


def test_a_second_ctrl_c_ends_it_at_once(listening):
    stop, tell = StopWhenInterrupted(), _Tell()

    with pytest.raises(KeyboardInterrupt), stop:
        _fit([_PressCtrlC(2, times=2), stop, tell], 6)

    assert tell.steps == 2
    assert signal.getsignal(signal.SIGINT) is listening


def test_nobody_presses_ctrl_c():
    stop, tell = StopWhenInterrupted(), _Tell()

    with stop:
        _fit([stop, tell], 3)

    assert not stop.interrupted
    assert tell.steps == 3


def test_another_thread_leaves_ctrl_c_alone():
    during = []

    def train():
        with StopWhenInterrupted():
            during.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()

    assert during == [signal.getsignal(signal.SIGINT)]
