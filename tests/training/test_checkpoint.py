import resource
import signal

import keras
import numpy as np
import pytest

from fast_depth_style.networks.transformer import Transformer
from fast_depth_style.training import checkpoint


class _Trainer:
    """What a checkpoint sees of a trainer: network and optimizer."""

    def __init__(self, width=0.125, seed=0):
        keras.utils.set_random_seed(seed)
        self.network = Transformer(width=width)
        self.network.build()
        self.optimizer = keras.optimizers.Adam(0.01)
        self.optimizer.build(self.network.trainable_variables)

    def step(self):
        variables = self.network.trainable_variables
        self.optimizer.apply([keras.ops.ones_like(v) for v in variables])

    def state(self):
        variables = [*self.network.variables, *self.optimizer.variables]
        return [np.array(v) for v in variables]


@pytest.fixture
def trainer():
    trainer = _Trainer()
    trainer.step()
    return trainer


def _assert_same(left, right):
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


def test_network_and_optimizer_come_back(trainer, tmp_path):
    path = checkpoint.save_checkpoint(tmp_path / "new", 1, trainer)
    other = _Trainer(seed=1)

    checkpoint.restore_checkpoint(path, other)

    assert checkpoint.checkpoint_step(path) == 1
    assert int(other.optimizer.iterations) == 1
    _assert_same(other.state(), trainer.state())
    trainer.step()
    other.step()
    _assert_same(other.state(), trainer.state())


def test_a_network_alone_comes_back(trainer, tmp_path):
    path = checkpoint.save_checkpoint(tmp_path, 1, trainer)
    network = _Trainer(seed=1).network

    checkpoint.restore_network(path, network)

    _assert_same(network.get_weights(), trainer.network.get_weights())


def test_the_newest_two_are_kept_oldest_first(trainer, tmp_path):
    for step in (8, 9, 10, 11):
        checkpoint.save_checkpoint(tmp_path, step, trainer)

    names = [path.name for path in checkpoint.checkpoints(tmp_path)]

    assert names == ["step_0000010.npz", "step_0000011.npz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_disk_that_fills_up_costs_no_checkpoint(trainer, tmp_path):
    path = checkpoint.save_checkpoint(tmp_path, 1, trainer)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        # No file may grow beyond half of it.
        half = (len(before) // 2, limits[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, half)
        with pytest.raises(OSError):
            checkpoint.save_checkpoint(tmp_path, 2, trainer)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)

    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


def test_what_a_killed_run_left_is_cleared_away(trainer, tmp_path):
    (tmp_path / ".checkpoint.tmp").write_bytes(b"half a checkpoint")

    path = checkpoint.save_checkpoint(tmp_path, 1, trainer)

    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_not_kept(trainer, tmp_path, value):
    path = checkpoint.save_checkpoint(tmp_path, 1, trainer)
    bias = trainer.network.paint.bias
    bias.assign([0.0, value, 0.0])

    with pytest.raises(checkpoint.NotFiniteError, match="after step 2"):
        checkpoint.save_checkpoint(tmp_path, 2, trainer)

    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_of_another_network_is_refused(trainer, tmp_path):
    path = checkpoint.save_checkpoint(tmp_path, 1, trainer)
    other = _Trainer(width=0.25)

    with pytest.raises(ValueError, match="does not fit this run"):
        checkpoint.restore_checkpoint(path, other)
    with pytest.raises(ValueError, match="does not fit the network"):
        checkpoint.restore_network(path, other.network)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_a_damaged_checkpoint_is_refused(trainer, tmp_path, damage):
    path = checkpoint.save_checkpoint(tmp_path, 1, trainer)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(
        {
            "cut": data[: len(data) // 2],
            "flipped": data,
            "empty": b"",
            "text": b"not a checkpoint",
        }[damage]
    )

    with pytest.raises(ValueError, match=f"cannot read checkpoint {path}"):
        checkpoint.restore_checkpoint(path, trainer)
