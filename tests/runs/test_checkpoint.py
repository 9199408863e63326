import resource
import signal

import keras
import numpy as np
import pytest

from fast_depth_style.errors import NotFiniteError
from fast_depth_style.networks.image_transformation import (
    ImageTransformationNetwork,
)
from fast_depth_style.runs import checkpoint


class _Trainer:
    """What a checkpoint sees of a trainer: network and optimizer."""

    def __init__(self, width=0.125, seed=0):
        keras.utils.set_random_seed(seed)
        self.network = ImageTransformationNetwork(width=width)
        self.network.build()
        self.optimizer = keras.optimizers.Adam(0.01)
        self.optimizer.build(self.network.trainable_variables)

    def step(self):
        variables = self.network.trainable_variables
        self.optimizer.apply([keras.ops.ones_like(v) for v in variables])

    def state(self):
        return checkpoint.named("network", self.network.variables) | (
            checkpoint.named("optimizer", self.optimizer.variables)
        )

    def values(self):
        return [np.array(variable) for variable in self.state().values()]


@pytest.fixture
def trainer():
    trainer = _Trainer()
    trainer.step()
    return trainer


def _assert_same(left, right):
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a, b)


def test_network_and_optimizer_come_back(trainer, tmp_path):
    path = checkpoint.save_checkpoint(tmp_path / "new", 1, trainer.state())
    other = _Trainer(seed=1)

    checkpoint.restore(path, other.state())

    assert checkpoint.checkpoint_step(path) == 1
    assert int(other.optimizer.iterations) == 1
    _assert_same(other.values(), trainer.values())
    network = _Trainer(seed=1).network  # alone
    checkpoint.restore(path, checkpoint.named("network", network.variables))
    _assert_same(network.get_weights(), trainer.network.get_weights())
    trainer.step()
    other.step()
    _assert_same(other.values(), trainer.values())
    wider = _Trainer(width=0.25)
    with pytest.raises(ValueError, match="does not fit this run"):
        checkpoint.restore(path, wider.state())


def test_the_newest_two_are_kept_oldest_first(trainer, tmp_path):
    for step in (8, 9, 10, 11):
        checkpoint.save_checkpoint(tmp_path, step, trainer.state())

    names = [path.name for path in checkpoint.checkpoints(tmp_path)]

    assert names == ["step_0000010.npz", "step_0000011.npz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_disk_that_fills_up_costs_no_checkpoint(trainer, tmp_path):
    path = checkpoint.save_checkpoint(tmp_path, 1, trainer.state())
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        # No file may grow beyond half of it.
        half = (len(before) // 2, limits[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, half)
        with pytest.raises(OSError):
            checkpoint.save_checkpoint(tmp_path, 2, trainer.state())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)

    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_not_kept(trainer, tmp_path, value):
    path = checkpoint.save_checkpoint(tmp_path, 1, trainer.state())
    bias = trainer.network.paint.bias
    bias.assign([0.0, value, 0.0])

    with pytest.raises(NotFiniteError, match="after step 2"):
        checkpoint.save_checkpoint(tmp_path, 2, trainer.state())

    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_a_damaged_checkpoint_is_refused(trainer, tmp_path, damage):
    path = checkpoint.save_checkpoint(tmp_path, 1, trainer.state())
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
        checkpoint.restore(path, trainer.state())


def test_the_one_before_a_damaged_checkpoint_is_taken(
    trainer, tmp_path, capsys
):
    assert checkpoint.restore_newest(tmp_path, trainer.state()) == 0
    first = checkpoint.save_checkpoint(tmp_path, 1, trainer.state())
    newest = checkpoint.save_checkpoint(tmp_path, 2, trainer.state())
    newest.write_bytes(newest.read_bytes()[:100])

    assert checkpoint.restore_newest(tmp_path, _Trainer(seed=1).state()) == 1
    assert f"cannot read checkpoint {newest}" in capsys.readouterr().err
    first.write_bytes(b"")
    with pytest.raises(ValueError, match=f"cannot read checkpoint {first}"):
        checkpoint.restore_newest(tmp_path, trainer.state())
