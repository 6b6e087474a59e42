"""Complexity: reviews that the better model spares in a year are held against what changes have taken."""

from dataclasses import replace
from datetime import date

from review.adoption.other_models import OtherModel
from review.choices import adaptation, build_or_buy, complexity
from review.choices.answer import Answer
from review.choices.complexity import Change
from review.choices.work import Work
from tests.unit.review.choices.other_facts import other, plain

WORK = Work(minutes=2.0, minute_cost=0.5, currency="EUR")
TWO = (Change(model_id="m-0", reviews=420, over=True), Change(model_id="m-1", reviews=310, over=True))


def answer(*others: OtherModel, changes: tuple[Change, ...] = TWO) -> Answer:
    return complexity.of("mail", "m-1", WORK, others, 4000, changes)


def test_a_start_without_a_review_is_explained() -> None:
    sooner = (*TWO, Change(model_id="m-2", reviews=0, over=True))
    text = (
        "To start the 3 models here took people 420 reviews (14 hours of people for 420 EUR), then 310 reviews (11 hours of "
        "people for 310 EUR), then no review (its answers were certified before they went out)."
    )
    assert text in plain(answer(other(), changes=sooner).says)
    later = (*sooner, Change(model_id="m-3", reviews=5, over=True))
    assert "To start the last 3 of 4 models here took people 310 reviews" in plain(answer(other(), changes=later).says)


def test_a_model_that_spares_more_than_a_change_takes_pays() -> None:
    known = answer(other())
    assert known.state == "known"
    assert plain(known.says) == (
        "m-2 would spare 7 300 to 14 600 reviews a year at 100 cases a day (95 % limits): more than a change takes, so it pays "
        "within a year. To start the 2 models here took people 420 reviews (14 hours of people for 420 EUR), then 310 reviews "
        "(11 hours of people for 310 EUR)."
    )
    assert (known.figures["reviews_of_a_change_least"], known.figures["reviews_of_a_change_most"]) == (310, 420)


def test_a_model_that_spares_fewer_does_not() -> None:
    known = answer(other(reviews=(0.001, 0.002, 0.004)))
    assert known.state == "known"
    assert (
        "36 to 146 reviews a year at 100 cases a day (95 % limits): fewer than a change takes, so it does not pay"
        in plain(known.says)
    )


def test_between_the_two_it_is_open() -> None:
    unclear = answer(other(reviews=(0.001, 0.01, 0.4)))
    assert (unclear.state, plain(unclear.would_change)) == (
        "open",
        "Another number of cases a day: m-2 spares about as many reviews as a change takes.",
    )
    unknown = answer(other(reviews=(-0.1, 0.1, 0.3)))
    assert unknown.state == "open"
    # 3 650 a year, from -3 650 to 10 950; to lie above the 420 of a change, limits are to be 3 230 wide instead of 7 300.
    assert plain(unknown.would_change) == (
        "400 cases so far; about 1 643 more would tell whether m-2 pays within a year, if it spares as many reviews."
    )
    fewer = answer(other(reviews=(-0.01, 0.002, 0.1)))
    # 73 a year, to 3 650; to lie below the 310, limits are to be 237 wide instead of 3 577.
    assert "about 90 717 more would tell whether m-2 pays within a year" in plain(fewer.would_change)
    assert "Whether m-2 spares reviews is not known (from 3 650 more to 10 950 fewer" in plain(unknown.says)


def test_no_model_spares_reviews_only_where_that_is_sure_of_each() -> None:
    worse = other(reviews=(-0.3, -0.2, -0.1))
    assert "No other model spares reviews: m-2 would take 3 650 to 10 950 more" in plain(answer(worse).says)
    assert answer(worse).state == "known"
    assert answer(worse, other("m-3", reviews=(-0.9, 0.1, 0.3))).state == "open"
    assert answer(worse, other("m-3")).figures["model"] == "m-3"


def test_before_a_first_threshold_the_price_of_a_change_is_not_known() -> None:
    young = answer(other(), changes=(Change(model_id="m-1", reviews=90, over=False),))
    assert young.state == "open"
    assert "What a change takes is not known: no answer of a model was released yet, after 90 reviews." in young.says
    alone = answer(changes=TWO[:1])
    assert alone.state == "unasked"
    assert "To start the first model here took people 420 reviews (14 hours of people for 420 EUR)." in plain(
        alone.says
    )


def test_what_is_open_says_how_many_there_are_and_how_many_more_it_takes() -> None:
    few = answer(other(saved=None))
    assert (few.state, plain(few.would_change)) == (
        "open",
        "7 cases so far; about 13 more are enough to say something of m-2: second-reader shadow mail --model m-2.",
    )
    young = (Change(model_id="m-1", reviews=90, over=False),)
    assert plain(answer(other(), changes=young).would_change) == (
        "A first adopted threshold of m-1: then the price of a change is known. More data or better data says how many more "
        "labels it takes."
    )
    both = answer(other(reviews=(-0.1, 0.1, 0.3)), changes=young)
    assert plain(both.would_change).endswith(
        "400 cases so far; about 1 200 more would tell whether m-2 spares reviews, if it spares as many."
    )


def test_upkeep_stands_beside_what_the_reviews_are_worth() -> None:
    dear = answer(other(outlay_a_day=10.0))
    assert plain(dear.says).endswith("Upkeep of m-2: 3 650 EUR a year more; the reviews are worth 3 650 to 7 300 EUR.")
    assert dear.figures["upkeep_more_a_year"] == 3650
    assert plain(answer(other(outlay_a_day=10.0, reviews=(-0.1, 0.1, 0.3))).says).endswith("3 650 EUR a year more.")


def test_a_model_that_is_certified_for_nothing_yet_is_not_called_worse() -> None:
    worse = replace(other(reviews=(-0.3, -0.2, -0.1)), threshold=None, needed=140)
    early = answer(worse)
    assert early.state == "open"
    assert early.says.startswith(
        "Not known yet whether m-2 spares reviews. Nothing that m-2 answers is certified yet, so"
    )
    assert "About 140 more labels of cases that m-2 was asked about" in plain(early.would_change)
    for one in (
        build_or_buy.of("mail", "m-1", "EUR", [worse], 4000),
        adaptation.of("mail", "m-1", "EUR", [worse], 4000, date(2026, 12, 1)),
    ):
        assert one.state == "open"
        assert "Nothing that m-2 answers is certified yet" in one.says
    never = replace(worse, needed=None)
    assert answer(never).state == "known"
    assert answer(replace(worse, barred="its score ranks backwards")).state == "known"
