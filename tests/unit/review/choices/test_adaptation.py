"""Prompt or fine-tune: which has cost less so far, and when the lines cross, are said with limits or not at all."""

from datetime import date

from review.adoption.other_models import OtherModel
from review.choices import adaptation
from review.choices.answer import Answer
from tests.unit.review.choices.other_facts import other, plain


def answer(*others: OtherModel) -> Answer:
    return adaptation.of("mail", "m-1", "EUR", others, 4000, date(2026, 12, 1))


def test_of_one_model_nothing_is_asked() -> None:
    alone = answer()
    assert (alone.state, alone.says) == (
        "unasked",
        "No other model was asked about the same cases as m-1, so there is no second cost to set beside its own.",
    )
    assert "A second model, as for Build or buy." == alone.would_change


def test_a_model_that_was_trained_crosses_at_a_day_with_limits() -> None:
    later = answer(other(outlay=1200.0))
    assert later.state == "known"
    assert plain(later.says) == (
        "For all 4 000 cases so far m-2 would have cost 400 to 800 EUR more than m-1 (95 % limits). The lines cross after about "
        "8 000 cases (95 % limits 6 000 to 12 000): about 2027-01-10 (limits 2026-12-21 to 2027-02-19) at 100 cases a day."
    )
    assert later.figures["m-2 crossing"] == 8000
    assert later.figures["m-2 cheaper_so_far_low"] == -800


def test_a_crossing_may_lie_behind() -> None:
    behind = answer(other(outlay=150.0))
    assert behind.state == "known"
    assert "250 to 650 EUR less than m-1 (95 % limits). The lines have crossed after about 1 000 cases" in plain(
        behind.says
    )


def test_a_crossing_whose_limits_hold_today_is_open_with_the_dates_that_lie_ahead() -> None:
    ahead = answer(other(saved=(0.01, 0.05, 0.2), outlay=500.0))
    assert ahead.state == "open"
    assert plain(ahead.says).endswith(
        "Whether the lines have crossed is not known. They cross after about 10 000 cases (95 % limits 2 500 to 50 000): about "
        "2027-01-30 (limits before today to 2028-03-05) at 100 cases a day."
    )
    # The costs so far: -300 EUR, from -460 to 300; to lie below zero, limits are to be 300 away instead of 600.
    assert plain(ahead.would_change).startswith("400 cases so far; about 1 200 more would tell the two apart")
    passed = answer(other(saved=(0.1, 0.2, 0.3), outlay=601.0))
    assert passed.state == "open"
    assert plain(passed.says).endswith(
        "They cross after about 3 005 cases (95 % limits 2 003 to 6 010): before today (limits before today to 2026-12-22) at "
        "100 cases a day."
    )
    wide = answer(other(saved=(0.0001, 0.1, 0.2), outlay=500.0))
    assert (wide.state, "about 2026-12-11 (limits before today to beyond 2126)" in plain(wide.says)) == ("open", True)


def test_what_is_known_so_far_alone_is_open_while_it_is_not_known_whether_the_lines_cross() -> None:
    later = answer(other(saved=(-0.01, 0.05, 0.1), outlay=1200.0))
    assert "800 to 1 240 EUR more than m-1 (95 % limits). No crossing is claimed" in plain(later.says)
    assert later.state == "open"
    # 0.05 a case, from -0.01: limits are 0.06 away, and are to be 0.05.
    assert plain(later.would_change).startswith("400 cases so far; about 176 more would tell the two apart")
    never = answer(other(saved=(0.0, 0.0, 0.0), outlay=1200.0))
    assert never.state == "known", "every case costs the same by both"


def test_a_crossing_that_lies_ahead_surely_is_known_even_where_one_of_its_limits_has_no_day() -> None:
    ahead = answer(other(saved=(0.0001, 0.1, 0.2), outlay=1200.0))
    assert ahead.state == "known"
    assert plain(ahead.says).endswith("about 2027-02-19 (limits 2026-12-21 to beyond 2126) at 100 cases a day.")


def test_no_crossing_is_claimed_where_the_limits_hold_zero() -> None:
    unclear = answer(other(saved=(-0.05, 0.05, 0.15)))
    assert unclear.state == "open"
    assert unclear.says.endswith("No crossing is claimed: the limits of what a case saves hold zero.")
    assert plain(unclear.would_change) == (
        "400 cases so far; about 1 200 more would tell the two apart, if they differ so: second-reader shadow mail --model m-2."
    )
    same = answer(other(saved=(-0.1, 0.0, 0.1)))
    assert plain(same.would_change) == "Other costs of either: by these m-2 costs as much."
    assert unclear.figures["m-2 crossing"] is None
    dearer = answer(other(saved=(-0.2, -0.15, -0.1), outlay=10.0))
    assert (dearer.state, "cheaper at any number of cases" in dearer.says) == ("known", True)


def test_a_crossing_beyond_a_lifetime_has_no_day() -> None:
    late = answer(other(saved=(0.1, 0.15, 0.2), outlay=1e6))
    assert "if ever at 100 cases a day." in plain(late.says)


def test_what_is_missing_is_named() -> None:
    unpriced = answer(other(priced=False))
    assert (unpriced.state, unpriced.says) == (
        "unasked",
        "What answers of m-2 have cost is not known, so neither is which has cost less.",
    )
    assert unpriced.would_change == "The prices of their answers, as for Build or buy."
    few = answer(other(saved=None))
    assert (few.state, "both models were asked about 7 groups" in few.says) == ("open", True)
    assert plain(few.would_change) == (
        "7 cases so far; about 13 more are enough to say something of m-2: second-reader shadow mail --model m-2."
    )
