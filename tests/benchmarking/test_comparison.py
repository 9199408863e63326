import pytest

from fast_depth_style.benchmarking.comparison import (
    Measurement,
    ratio,
    table,
)

# A machine that is twice as slow in the second round, and stumbles in the last
# turn of the reference.
_OURS = Measurement("ours", (1.0, 2.0, 1.1), 300 * 2**20)
_OTHER = Measurement("other", (2.0, 4.0, 11.0), 200 * 2**20)


def test_ratio_is_the_median_within_rounds_not_of_medians():
    assert ratio(_OURS, _OTHER).median == pytest.approx(0.5)


def test_ratio_of_the_fastest_and_of_memory():
    assert ratio(_OURS, _OTHER).fastest == pytest.approx(0.5)
    assert ratio(_OTHER, _OURS).fastest == pytest.approx(2.0)
    assert ratio(_OURS, _OTHER).memory == pytest.approx(1.5)


def test_measurements_of_different_rounds_are_not_compared():
    with pytest.raises(ValueError):
        ratio(_OURS, Measurement("short", (1.0,), 1))


def test_table():
    assert table([_OURS, _OTHER], ["other"]).splitlines() == [
        "|       | median s | fastest s | peak MiB | / other, median"
        " | fastest | memory |",
        "| ---   | ---:     | ---:      | ---:     | ---:           "
        " | ---:    | ---:   |",
        "| ours  | 1.100    | 1.000     | 300      | 0.50           "
        " | 0.50    | 1.50   |",
        "| other | 4.000    | 2.000     | 200      | 1.00           "
        " | 1.00    | 1.00   |",
    ]
