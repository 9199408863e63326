import keras
import pytest

from fast_depth_style.training.deferred_callbacks import DeferredCallbacks


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
    callbacks = DeferredCallbacks([watch], keras.Model())
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


def test_quick_steps_are_told_in_halves_of_what_waits(clock):
    heard = _run(_Watch(), 60, clock, 0.001)

    # The first step at once: one sees that it goes.
    told = [now for now, _, _ in heard]
    assert told == [0] + 16 * [32] + 16 * [48] + 27 * ["end"]


def test_slow_steps_are_told_at_once(clock):
    assert [e[0] for e in _run(_Watch(), 5, clock, 0.5)] == [0, 1, 2, 3, 4]


def test_who_needs_the_trainer_hears_of_the_step_at_once(clock):
    heard = _run(_Watch(due={3, 7}), 10, clock, 0.001)

    told = [now for now, _, _ in heard]
    assert told == [0] + 3 * [3] + 4 * [7] + 2 * ["end"]
