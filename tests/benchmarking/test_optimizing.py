import numpy as np
import pytest

from fast_depth_style.benchmarking import optimizing
from fast_depth_style.benchmarking.contestant import ContestantFailed


def test_ours_and_pytorchs_minimize_the_same():
    pytest.importorskip("torch")

    measurements = optimizing.compare_optimizing(
        "", 32, 48, rounds=2, threads=1, warm_up=0
    )

    assert [each.name for each in measurements] == ["optimize", "PyTorch"]
    assert all(min(each.seconds) > 0 for each in measurements)
    assert all(each.peak_bytes > 100 << 20 for each in measurements)


def test_a_turn_is_one_iteration():
    seen = []

    def minimize(report):
        for iteration in range(3):
            seen.append(iteration)
            report()

    turn = optimizing._by_turns(minimize)

    for count in (1, 2, 3):
        turn()
        assert len(seen) == count
    with pytest.raises(RuntimeError, match="nothing was left to gain"):
        turn()


def test_a_turn_that_fails_says_so():
    def minimize(report):
        raise ContestantFailed("no memory")

    with pytest.raises(ContestantFailed, match="no memory"):
        optimizing._by_turns(minimize)()


def test_the_second_loss_tells_gradients_apart():
    def objective(slope):
        def value_and_gradient(picture):
            return float(np.square(picture).sum()), slope * picture

        return value_and_gradient

    picture = np.float32([[[3.0, 0.0, 4.0]]])
    right, wrong = (
        optimizing._first_losses(objective(slope), picture)
        for slope in (2.0, -2.0)
    )

    # One grey level, root mean square over three values, shorter than 5.
    assert right == pytest.approx([25.0, (5 - 3**0.5) ** 2], rel=1e-5)
    assert right[0] == wrong[0] and wrong[1] > right[0]
