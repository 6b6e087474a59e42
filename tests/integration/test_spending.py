"""What each model costs, from the ledger to the report and to the answers about money."""

import json
from dataclasses import replace

import polars as pl
import pytest

from flows import measure
from flows.governance import actions, epochs, evidence, outlays
from flows.planning import choices_costs, other_models, shadows, spending
from flows.runtime import runs
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.paired_cost import Paired
from review import formats
from review.adoption.equal_risk import Spending
from review.adoption.other_models import OtherModel
from review.choices import spending_text
from review.choices.answer import Answer
from review.choices.work import Work
from review.queries import changeovers
from review.report import as_json, report
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk

SECONDS = 4.0  # that a reader takes


def say(desk: Desk, *, cost: float | None = None, sure: float = 1.0, model: str = "m-2") -> None:
    """Another model says "ham" of a share of the cases it is asked about, and is sure of it; of the others it says "spam"."""
    ask = desk.folder / "ask.jsonl"
    shadows.asked("mail", model, ask)
    cases = [json.loads(line)["case_id"] for line in ask.read_text(encoding="utf-8").splitlines()]
    of_all: dict[str, facts.Value] = {"model_id": model, "cost": cost}
    sure_of, unsure = {"answer": "ham", "score": 0.9}, {"answer": "spam", "score": 0.2}
    rows = [of_all | {"case_id": case} | (sure_of if n % 10 < 10 * sure else unsure) for n, case in enumerate(cases)]
    desk.book.append({"shadow": facts.shadows(*rows)}, now=runs.clock())


def enter(amount: str, model: str = "m-2", first: str = "2026-03-01", last: str = "2026-03-30") -> None:
    typed = {"what": "hosting", "amount": amount, "from": first, "to": last, "model": model}
    outlays.enter("mail", typed, by=ANN, because=WHY)


def others(desk: Desk) -> tuple[OtherModel, ...]:
    return other_models.of(desk.run(), desk.in_force(), desk.cases())


def spent(desk: Desk) -> Spending:
    (one,) = others(desk)
    assert one.spending is not None
    return one.spending


def answers(desk: Desk) -> tuple[Answer, Answer, Answer]:
    cases = desk.cases()
    others_ = other_models.of(desk.run(), desk.in_force(), cases)
    work = Work(minutes=None, minute_cost=0.5, currency="EUR")
    return choices_costs.costs(desk.run(), desk.in_force(), cases, others_, work)


def test_the_other_model_is_priced_at_its_own_threshold(desk: Desk) -> None:
    """Each is wrong too often to release anything."""
    desk.arrive("a", 800, 0.9, wrong=150)
    say(desk, cost=0.01)
    desk.look()
    (one,) = others(desk)
    assert one.threshold is None, "it says ham of the cases that are spam, too"
    spending_ = spent(desk)
    assert isinstance(spending_.paired, Paired)
    review = spending_.money.review
    assert review == pytest.approx(0.5 * SECONDS / 60)
    assert spending_.paired.ours.value == pytest.approx(review), "nothing is released"
    assert spending_.paired.theirs.value == pytest.approx(review + 0.01)
    assert spending_.priced == (False, True)


def test_what_is_released_costs_the_reading_of_audits_alone(desk: Desk) -> None:
    desk.arrive("a", 800, 0.9)
    desk.look()
    say(desk, sure=0.5)
    (one,) = others(desk)
    assert one.threshold == 0.9
    spending_ = spent(desk)
    review = spending_.money.review
    assert isinstance(spending_.paired, Paired)
    assert spending_.paired.ours.value == pytest.approx(0.5 * review), "all of it; half is read as audits"
    assert spending_.paired.theirs.value == pytest.approx(0.75 * review, rel=0.02)
    assert spending_.paired.apart == -1
    assert isinstance(spending_.reviews, Estimate)
    assert spending_.reviews.value == pytest.approx(-0.25, rel=0.02)


def test_a_threshold_that_is_carried_over_is_priced_as_what_it_releases(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 800, 0.9)
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    say(desk, sure=0.5)
    before = spent(desk).reviews
    clock.later(61)
    desk.arrive("b", 40, 0.9)
    desk.look()
    say(desk, sure=0.5)
    after = spent(desk).reviews
    assert desk.in_force().policy.threshold == 0.9, "carried over, for the new era has certified nothing yet"
    for spared in (before, after):
        assert isinstance(spared, Estimate)
        assert spared.high < 0, "the other model releases half of what this one does"


def test_outlays_are_in_the_cost_of_today_and_make_the_volume(desk: Desk) -> None:
    desk.arrive("a", 800, 0.9, wrong=150)
    say(desk, cost=0.01)
    enter("2400")
    desk.look()
    spending_ = spent(desk)
    assert isinstance(spending_.today, Paired)
    assert isinstance(spending_.paired, Paired)
    assert spending_.money.outlay_a_day == (0, 80)
    assert spending_.money.outlay == (0, 160), "two days of March"
    assert spending_.today.theirs.value == pytest.approx(spending_.paired.theirs.value + 80 / 800)
    assert isinstance(spending_.break_even, NotEnoughEvidence)


def test_the_same_ledger_says_the_same(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9)
    say(desk, cost=0.01, sure=0.4)
    desk.look()
    assert spent(desk) == spent(desk)
    blocks = [next(iter(spending.resamples(seed, 30))).tolist() for seed in ("a", "a", "b")]
    assert blocks[0] == blocks[1] != blocks[2]


def test_what_another_model_decided_earlier_says_nothing_of_this_one(desk: Desk) -> None:
    desk.arrive("a", 300, 0.9)
    epochs.begin_epoch(desk.book, desk.describe("m-3"), ANN)
    say(desk, cost=0.01)
    spending_ = other_models.of(replace(desk.run(), stream=desk.describe("m-3")), desk.in_force(), desk.cases())[
        0
    ].spending
    assert spending_ is not None
    assert isinstance(spending_.paired, NotEnoughEvidence)
    assert spending_.paired.n == 0


def test_the_report_says_what_a_case_costs(desk: Desk) -> None:
    desk.arrive("a", 600, 0.9, wrong=100)
    say(desk, cost=0.01)
    enter("2400")
    desk.look()
    cases = desk.cases()
    labels = evidence.labels(desk.describe(), desk.in_force(), cases, runs.clock())
    progress = evidence.look(desk.run(), desk.in_force(), cases, runs.clock())
    new_report = measure.gather(desk.run(), desk.in_force(), cases, progress, labels, runs.clock())
    (one,) = new_report.others
    sentence = spending_text.of(one, "m-1", "EUR")
    start = "At the same risk a thousand finished cases cost 177 EUR by m-2, 33.3 by m-1: 143 to 144 EUR more (97.5 % limits)."
    assert formats.plain(sentence).startswith(start)
    assert "Its other costs are 80.0 EUR a day more" in sentence
    assert sentence in report.page(new_report)
    (row,) = as_json.whole(new_report)["others"]
    assert row["spending"]["money"]["outlay_a_day"] == (0, 80.0)
    assert json.loads(json.dumps(row))["spending"]["paired"]["saved"]["alpha"] == 0.025


def test_a_change_took_the_reviews_until_the_first_threshold(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 400, 0.9)
    desk.look()
    clock.later(1)
    actions.adopt("mail", None, by=ANN, because=WHY)
    (first,) = changeovers.of(desk.book, "mail")
    read = desk.book.read("SELECT count(*) AS n FROM review")["n"].item()
    assert (first.model_id, first.reviews, first.adopted_at) == ("m-1", read, runs.clock())
    clock.later(1)
    desk.arrive("b", 100, 0.9)
    assert changeovers.of(desk.book, "mail") == (first,), "later reviews are no part of it"
    epochs.begin_epoch(desk.book, desk.describe("m-3"), ANN)
    _, second = changeovers.of(desk.book, "mail")
    assert (second.model_id, second.reviews, second.adopted_at) == ("m-3", 0, None)


def test_an_epoch_with_the_same_model_is_no_change_of_it(desk: Desk, clock: Clock) -> None:
    desk.arrive("a", 400, 0.9)
    desk.look()
    clock.later(1)
    actions.adopt("mail", None, by=ANN, because=WHY)
    before = changeovers.of(desk.book, "mail")
    later = replace(desk, target=0.06)
    epochs.begin_epoch(desk.book, later.describe(), ANN)
    clock.later(1)
    later.arrive("b", 60, 0.9)
    assert changeovers.of(desk.book, "mail") == before, "another target, the same model"
    epochs.begin_epoch(desk.book, later.describe("m-3"), ANN)
    epochs.begin_epoch(desk.book, later.describe("m-1"), ANN)
    models = [one.model_id for one in changeovers.of(desk.book, "mail")]
    assert models == ["m-1", "m-3", "m-1"], "back to a model that answered before is a change, too"


def test_the_start_of_a_model_goes_on_where_its_epoch_is_opened_anew_before_a_threshold(
    desk: Desk, clock: Clock
) -> None:
    desk.arrive("a", 60, 0.9, answer=False)
    desk.answer("a-0000", 1, "ham", clock.later(1))
    opened_at = desk.book.read("SELECT opened_at FROM epoch")["opened_at"].item()
    later = replace(desk, target=0.06)
    epochs.begin_epoch(desk.book, later.describe(), ANN)
    later.arrive("b", 400, 0.9)
    (still,) = changeovers.of(desk.book, "mail")
    read = desk.book.read("SELECT count(*) AS n FROM review")["n"].item()
    assert (still.opened_at, still.reviews, still.adopted_at) == (opened_at, read, None)
    later.look()
    clock.later(1)
    actions.adopt("mail", None, by=ANN, because=WHY)
    adopted_at = runs.clock()
    clock.later(1)
    desk.answer("a-0001", 2, "ham", clock.later(1))
    (done,) = changeovers.of(desk.book, "mail")
    assert (done.reviews, done.adopted_at) == (read, adopted_at), (
        "what is read of the first epoch afterwards is no part of it"
    )


def test_where_no_other_model_was_asked_the_answers_say_how_to(desk: Desk) -> None:
    desk.arrive("a", 40, 0.9)
    for place, answer in enumerate(answers(desk)):
        assert (answer.state, answer.missing) == ("unasked", "a second model")
        how = "second-reader shadow mail --model M --wanted ask.jsonl" if place == 0 else "as for Build or buy"
        assert how in answer.would_change
        assert formats.plain(answer.rests_on).startswith("40 cases so far")
    assert "no answer of a model was released yet, after" in answers(desk)[1].says


def test_where_a_price_is_missing_the_answers_say_which(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9)
    say(desk)
    first, _, fifth = answers(desk)
    assert (first.state, fifth.state) == ("unasked", "unasked")
    assert "The price of answers of m-1 and m-2" in first.would_change
    enter("10", model="m-1")
    enter("20")
    first, _, fifth = answers(desk)
    assert "unasked" not in (first.state, fifth.state)


def test_the_answers_are_about_what_was_entered_and_asked(desk: Desk) -> None:
    desk.arrive("a", 800, 0.9, wrong=150)
    say(desk, cost=0.01)
    enter("2400")
    enter("300", model="m-1")
    desk.look()
    first, second, fifth = answers(desk)
    assert "a thousand finished cases cost 143 EUR by m-2, 45.8 by m-1" in formats.plain(first.says)
    assert first.figures["m-2 cost_per_case"] == pytest.approx(0.5 * SECONDS / 60 + 0.01 + 0.1)
    assert (second.state, second.figures["changes"]) == ("open", 0)
    assert second.figures["upkeep_more_a_year"] == pytest.approx(365 * 70)
    assert "For all 800 cases so far m-2" in formats.plain(fifth.says)
    assert fifth.figures["m-2 cheaper_so_far"] == pytest.approx(-(160 - 20) - 800 * 0.01)
    frame = pl.DataFrame([first.figures])
    assert all(kind.is_numeric() or kind in (pl.String, pl.Null) for kind in frame.schema.values())
