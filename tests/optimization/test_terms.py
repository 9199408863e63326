import pytest

from fast_depth_style.optimization.terms import Terms


def test_total_and_shares_are_weighted():
    terms = Terms({"style": 3.0, "tv": 0.5})

    assert terms.terms == ("style", "tv")
    assert terms.total({"style": 2.0, "tv": 4.0, "other": 9.0}) == 8.0
    assert terms.shares({"style": 2.0, "tv": 4.0}, 7) == pytest.approx(
        {"style": 0.75, "tv": 0.25}
    )


def test_nothing_to_gain_has_no_shares():
    assert Terms({"tv": 1.0}).shares({"tv": 0.0}) == {"tv": 0.0}
