"""Build or buy: what a case costs by each model is said with its limits, and no break-even that is not claimed."""

import pytest

from review.choices import build_or_buy
from review.choices.answer import Answer
from tests.unit.review.choices.other_facts import other, plain


def answer(*others: object) -> Answer:
    return build_or_buy.of("mail", "m-1", "EUR", others, 4000)  # type: ignore[arg-type]


def test_of_one_model_it_is_said_how_another_is_asked() -> None:
    alone = answer()
    assert (alone.state, alone.says) == (
        "unasked",
        "No other model was asked about the same cases as m-1, so no price can be compared.",
    )
    assert alone.would_change == (
        "A second model, asked about cases that people have read already, so that it takes no reviews: second-reader shadow mail "
        "--model M --wanted ask.jsonl writes these cases into a file. What each model costs beside its answers is entered with "
        "second-reader outlay mail --model M."
    )
    assert plain(alone.rests_on) == "4 000 cases so far; no two models were asked about the same ones."


def test_what_is_known_is_said_with_limits_rounded_outwards() -> None:
    known = answer(other(saved=(0.10049, 0.15, 0.20001)))
    assert known.state == "known"
    assert plain(known.says) == (
        "At the same risk a thousand finished cases cost 150 EUR by m-2, 300 by m-1: 100 to 201 EUR less (95 % limits)."
    )
    assert plain(known.rests_on) == (
        "On up to 400 sampled cases that both models were asked about, each answering alone where that is certified for "
        "the same target; a review at 0.50 EUR (by the stream file); no other costs, for none are entered "
        "(second-reader outlay mail)."
    )
    assert known.figures["m-2 saved_per_case_low"] == 0.10049


def test_a_model_with_dearer_keep_pays_from_a_volume_on() -> None:
    known = answer(other(outlay_a_day=9.0))
    assert plain(known.says) == (
        "At the same risk a thousand finished cases cost 240 EUR by m-2, 300 by m-1: 10.0 to 111 EUR less (95 % limits). Its "
        "other costs are 9.00 EUR a day more: it pays from about 60 cases a day (95 % limits 45.0 to 90.0); 100 come now."
    ).replace("10.0 to 111", "10.0 to 110")
    assert known.figures["m-2 break_even"] == pytest.approx(60)
    assert "second-reader outlay mail" in known.rests_on


def test_a_model_with_cheaper_keep_and_dearer_cases_pays_up_to_a_volume() -> None:
    says = plain(answer(other(saved=(-0.2, -0.15, -0.1), outlay_a_day=-9.0)).says)
    assert "it pays up to about 60 cases a day (95 % limits 45.0 to 90.0)" in says
    assert "m-2 is dearer at any number of cases" in plain(
        answer(other(saved=(-0.2, -0.15, -0.1), outlay_a_day=9)).says
    )


def test_while_the_limits_hold_zero_it_is_open_and_no_break_even_is_claimed() -> None:
    unclear = answer(other(saved=(-0.05, 0.05, 0.15), outlay_a_day=2.0))
    assert unclear.state == "open"
    assert plain(unclear.says).endswith(
        "which is cheaper is not known (from 70.0 EUR more to 130 less, 95 % limits). Its other costs are 2.00 EUR a day more. "
        "No break-even is claimed: the limits of what a case saves hold zero."
    )
    assert (
        plain(unclear.would_change) == "400 cases so far; about 4 044 more would tell the two apart, if they differ so."
    )
    assert unclear.figures["m-2 break_even"] is None


def test_a_model_without_a_price_or_too_few_answers_is_named() -> None:
    unpriced = answer(other(priced=False))
    assert (unpriced.state, "input.cost" in unpriced.would_change) == ("unasked", True)
    few = answer(other(saved=None))
    assert (few.state, plain(few.would_change)) == (
        "open",
        "7 cases so far; about 13 more are enough to say something of m-2: second-reader shadow mail --model m-2.",
    )
    assert "both models were asked about 7 groups" in few.says


def test_of_too_few_groups_as_many_more_cases_are_named_as_belong_to_those_that_lack() -> None:
    grouped = answer(other(saved=None, groups=2))
    assert plain(grouped.would_change).startswith("7 cases so far; about 63 more are enough")
    nobody = answer(other(saved=None, groups=0))
    assert plain(nobody.would_change).startswith("7 cases so far; about 140 more are enough")


def test_of_several_models_each_is_said() -> None:
    both = answer(other(), other("m-3", saved=(-0.2, -0.15, -0.1)))
    assert both.state == "known"
    assert all(name in both.says for name in ("m-2", "m-3"))
    assert "100 to 200 EUR more" in plain(both.says)
