"""What a threshold costs and asks of people, scores that moved, and slices distinguished by more than chance."""

import polars as pl
import pytest

from models.evaluation import cost, slices
from models.monitoring import score_shift

ROWS = pl.DataFrame(
    {
        "threshold": [0.9, 0.8, 0.5],
        "coverage": [0.5, 0.8, 1.0],
        "error": [0.01, 0.02, 0.1],
        "low": [0.0, 0.01, 0.08],
        "high": [0.02, 0.03, 0.12],
    }
)
PRICES = cost.Prices(error=10.0, review=1.0, audit_rate=0.1)


def test_a_lines_cost_is_errors_and_reviews_and_audits() -> None:
    """At .9: 10 x .5 x .01 + 1 x .5 + 1 x .1 x .5."""
    assert cost.curve(ROWS, PRICES)["cost"].to_list() == pytest.approx([0.6, 0.44, 1.1])


def test_the_cheapest_line_is_chosen_among_the_certified_only() -> None:
    assert cost.cheapest(ROWS, PRICES, [0.9]).threshold == 0.9
    assert cost.cheapest(ROWS, PRICES, [0.9, 0.8, 0.5]).threshold == 0.8
    assert cost.cheapest(ROWS, PRICES, []) == cost.full_review(PRICES)
    dear = cost.Prices(error=1000.0, review=1.0, audit_rate=0.1)
    assert cost.cheapest(ROWS, dear, [0.9, 0.8]).threshold is None


def test_what_people_can_carry_is_the_strictest_line_without_a_backlog() -> None:
    """100 cases a day: 100, 55, 28 and 10 reviews a day at the four lines."""
    assert cost.affordable(ROWS, cases=100, capacity=60, audit_rate=0.1).threshold == 0.9
    assert cost.affordable(ROWS, cases=100, capacity=100, audit_rate=0.1).threshold is None
    over = cost.affordable(ROWS, cases=100, capacity=4, audit_rate=0.1)
    assert over.threshold == 0.5
    assert over.late == pytest.approx(6.0)


def test_scores_that_move_down_are_noticed_without_a_label_and_the_same_ones_are_not() -> None:
    before = pl.DataFrame({"confidence": [0.9, 0.8, None], "n": [500, 400, 100]})
    after = pl.DataFrame({"confidence": [0.9, 0.8, None], "n": [300, 400, 300]})
    moved, same = score_shift.shift(before, after), score_shift.shift(before, before)
    assert moved is not None
    assert same is not None
    assert moved.warn
    assert moved.distance == pytest.approx(0.2)
    assert not same.warn
    assert same.distance == 0.0
    assert score_shift.shift(before, after.clear()) is None


def slice_counts(**wrong_of: tuple[int, int]) -> pl.DataFrame:
    rows = [(name, o, n) for name, (k, n_) in wrong_of.items() for o, n in (("wrong", k), ("right", n_ - k))]
    return pl.DataFrame(rows, schema=("slice", "outcome", "n"), orient="row").with_columns(
        confidence=0.9, route=pl.lit("AUTOMATE"), blind=True, propensity=0.5
    )


def test_a_slice_is_flagged_by_what_chance_alone_would_not_bring_to_the_worst_of_many() -> None:
    one = slices.table(slice_counts(a=(14, 200)), 0.03, 0.05)
    many = slices.table(slice_counts(a=(12, 200), **{f"s{n}": (4, 200) for n in range(20)}), 0.03, 0.05)
    assert [part.flagged for part in one] == [True]
    assert [part.name for part in many if part.flagged] == []
