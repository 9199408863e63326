"""Callbacks: when they act, and that no step is lost."""

import signal

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fast_depth_style.errors import NotFiniteError
from fast_depth_style.runs import checkpoint
from fast_depth_style.runs.checkpoint import named
from fast_depth_style.runs.interrupts import StopBetweenSteps
from fast_depth_style.runs.losses import read_losses
from fast_depth_style.training.callbacks import (
    Checkpoints,
    DeferredCallbacks,
    Losses,
    Preview,
)
from fast_depth_style.training.settings import TrainingSettings


class _Trainer(keras.Model):
    """As little as `fit` and the callbacks need."""

    def __init__(self):
        super().__init__(name="trainer")
        self.network = keras.Sequential(
            [keras.Input((1,)), keras.layers.Dense(1)]
        )
        self.compile(keras.optimizers.Adam(), loss="mse")
        self.optimizer.build(self.network.trainable_variables)

    def call(self, x):
        return self.network(x)

    def state(self):
        return named("network", self.network.variables)


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


class _Objective:
    """One term; its share grows with the step."""

    terms = {"loss": 1.0}

    def shares(self, terms, step):
        return {"loss": step / 100}


def _losses(folder, start=0):
    settings = TrainingSettings(steps=100, preview_every=50, batch_size=4)
    return Losses(folder, start, settings, _Objective())


def _steps(folder):
    found = checkpoint.checkpoints(folder)
    return [checkpoint.checkpoint_step(path) for path in found]


def test_every_step_is_written_down_under_the_step_of_the_run(tmp_path):
    losses = _losses(tmp_path, start=17)
    _fit([losses], 5)
    losses.close()

    assert [row["step"] for row in read_losses(tmp_path / "losses.csv")] == [
        18, 19, 20, 21, 22
    ]  # fmt: skip
    events = {
        (event.step, value.tag): float(tf.make_ndarray(value.tensor))
        for path in (tmp_path / "tensorboard").iterdir()
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }
    # The first step, then every tenth of the run.
    assert {*events} == {
        (step, tag) for step in (18, 20) for tag in ("loss", "share/loss")
    }
    assert events[20, "share/loss"] == pytest.approx(0.19)


def test_a_run_that_diverges_stops_with_its_last_good_checkpoint(tmp_path):
    targets = np.ones((6, 1), "float32")
    targets[4] = np.nan
    folder = tmp_path / "checkpoints"
    losses = _losses(tmp_path)
    with pytest.raises(NotFiniteError, match="no checkpoint yet"):
        _fit([losses], 1, np.full((1, 1), np.inf))
    losses.close()
    losses = _losses(tmp_path, start=10)

    with pytest.raises(NotFiniteError) as stopped:
        _fit([losses, Checkpoints(folder, start=10, every=1)], 6, targets)
    losses.close()

    # The fifth step's loss is that of the weights after the fourth.
    good = folder / "step_0000013.npz"
    assert str(stopped.value).startswith(
        f"training diverged at step 15: loss not finite ({good} is intact); "
    )
    assert _steps(folder) == [13]
    assert len(read_losses(tmp_path / "losses.csv")) == 4


class _Painter:
    """A trainer whose network adds 30: to white more than a byte holds."""

    styles, dials = ("style",), False

    @property
    def network(self):
        return self

    def vectors(self, styles, dials):
        return None

    def __call__(self, x, vectors):
        return x + 30.4


@pytest.mark.parametrize(
    "start, steps, expected", [(0, 11, [1, 5, 10, 11]), (8, 2, [10])]
)
def test_previews_come_first_last_and_every_so_many_steps(
    tmp_path, start, steps, expected
):
    photos = np.stack(
        [np.full((8, 6, 3), value, "uint8") for value in (20, 100, 240)]
    )
    preview = Preview(tmp_path, start, 5, photos)
    preview.set_model(_Painter())
    for batch in range(steps):
        preview.on_train_batch_end(batch)
    preview.on_train_end()

    names = [f"step_{step:07d}.png" for step in expected]
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == ["latest.png", *names]
    with Image.open(tmp_path / "latest.png") as image:
        strip = np.asarray(image)
    assert strip[0, ::10, 0].tolist() == [20, 100, 240]
    assert strip[12, ::10, 0].tolist() == [50, 130, 255]


class _Watch(keras.callbacks.Callback):
    """Writes down when it hears of what."""

    def __init__(self, due=()):
        super().__init__()
        self.due = due
        self.heard = []
        self.now = None

    def needs_trainer(self, batch):
        return batch in self.due

    def on_train_batch_end(self, batch, logs=None):
        self.heard.append((self.now, batch, logs["loss"]))


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the test moves: its seconds, in a list."""
    seconds = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: seconds[0])
    return seconds


def _run(watch, steps, clock, seconds_a_step):
    callbacks = DeferredCallbacks([watch], keras.Model(), StopBetweenSteps())
    callbacks.on_train_begin()
    for batch in range(steps):
        watch.now = batch
        clock[0] += seconds_a_step
        loss = keras.ops.convert_to_tensor(batch / 2)
        callbacks.on_train_batch_end(batch, {"loss": loss})
    watch.now = "end"
    callbacks.on_epoch_end(0, {})
    return watch.heard


def test_every_step_is_told_in_order_with_its_own_losses(clock):
    heard = _run(_Watch(), 100, clock, 0.001)

    assert [entry[1:] for entry in heard] == [(n, n / 2) for n in range(100)]
    assert all(type(loss) is float for _, _, loss in heard)


@pytest.mark.parametrize(
    "seconds, due, steps, expected",
    [
        # The first step at once: one sees that it goes.
        (0.001, (), 60, [0] + 16 * [32] + 16 * [48] + 27 * ["end"]),
        (0.5, (), 5, [0, 1, 2, 3, 4]),
        (0.001, {3, 7}, 10, [0] + 3 * [3] + 4 * [7] + 2 * ["end"]),
    ],
)
def test_steps_are_told_when_it_is_time(clock, seconds, due, steps, expected):
    heard = _run(_Watch(due), steps, clock, seconds)

    assert [now for now, _, _ in heard] == expected


def test_fit_ends_after_the_step_in_which_a_signal_came(clock):
    class Signal(_Watch):
        def on_train_batch_begin(self, batch, logs=None):
            stop.signal = signal.SIGTERM if batch == 2 else None

    stop, watch, trainer = StopBetweenSteps(), Signal(), _Trainer()
    x = np.ones((9, 1), "float32")
    callbacks = DeferredCallbacks([watch], trainer, stop)
    trainer.fit(x, x, batch_size=1, callbacks=callbacks, verbose=0)

    assert [batch for _, batch, _ in watch.heard] == [0, 1, 2]
