"""The owner's questions on a ledger that has lived some days: what is known, what is open, and what nobody has asked for."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from flows import measure
from flows.commands import main
from flows.governance import actions, evidence
from flows.runtime import runs
from models import timestamps
from review import formats
from review.choices import adaptation, build_or_buy, complexity, more_data, timing
from review.choices.answer import Answer
from review.integrity import verify
from review.queries import readings, waits
from review.report import as_json, report
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk

DATA, TIMING, OVERSIGHT = more_data.QUESTION, timing.QUESTION, "Automation or oversight?"
DAYS, A_DAY, LEFT = 8, 40, 5
EARLY = "2026-01-01T00:00:00.000000Z"


def answers() -> dict[str, Answer]:
    return {one.question: one for one in measure.read("mail").choices}


def live(desk: Desk, clock: Clock) -> None:
    """Eight days: cases that the model answers at 9 are scored at 11 and read until the evening, the last day's in part.

    Each day the first reader says of the second case that the model is wrong, and is; of the third, and is not.
    """
    for day in range(DAYS):
        clock.now = clock.now.replace(hour=11, minute=0)
        name = chr(ord("a") + day)
        desk.arrive(name, A_DAY, 0.9, answer=False, days=[clock.now.strftime("%Y-%m-%d")] * A_DAY)
        sent = desk.book.read(
            "SELECT case_id, task_id FROM dispatch WHERE case_id LIKE :day AND slot = 0 ORDER BY case_id",
            day=f"{name}-%",
        ).rows()
        by_names: list[dict[str, facts.Value]] = []
        for place, (case, task) in enumerate(sent[: A_DAY - (LEFT if day == DAYS - 1 else 0)]):
            at = clock.later(3 / 24 / 60 * (1 + place % 5))
            label = "spam" if place in (1, 2) else "ham"
            by_name: dict[str, facts.Value] = {"case_id": case, "annotation_id": task, "task_id": task, "blind": True}
            by_names.append(by_name | {"revision": at, "answer": label, "submitted_at": at})
        desk.book.append({"review": facts.reviews(*by_names)}, now=clock())
        clock.later(1 / 24)
        desk.second([sent[1][0]], "spam", clock())
        # Two others overrule: the second agrees with the model, and a third with the second.
        desk.second([sent[2][0]], "ham", clock())
        desk.third([sent[2][0]], "ham", clock())
        clock.later(1)


def test_a_ledger_of_some_days_says_where_the_time_goes_and_what_would_shorten_it(desk: Desk, clock: Clock) -> None:
    live(replace(desk, dated=True), clock)
    one = answers()[TIMING]
    figures = one.figures
    assert one.state == "known"
    assert (figures["cases"], figures["answered"], figures["days"]) == (DAYS * A_DAY, DAYS * A_DAY - LEFT, DAYS)
    assert figures["batch_wait_hours"] == 2.0, "answered at 9, scored at 11"
    low, final, high = (figures[f"final_hours{end}"] for end in ("_low", "", "_high"))
    assert isinstance(low, float)
    assert isinstance(final, float)
    assert isinstance(high, float)
    assert 2 < low <= final <= high < 24
    assert figures["as_it_was_would_have_been_hours"] == pytest.approx(final, rel=0.1), "the replay is what was"
    twice, half, daily = (
        figures[f"{name}_would_have_been_hours"] for name in ("twice_the_readers", "half_the_readers", "once_a_day")
    )
    assert isinstance(twice, float)
    assert isinstance(half, float)
    assert isinstance(daily, float)
    assert twice < final < daily < half
    assert one.says.startswith("More frequent runs alone would change nothing:")


def test_the_third_question_is_answered_from_what_first_readers_got_wrong(desk: Desk, clock: Clock) -> None:
    live(desk, clock)
    one = answers()[DATA]
    figures = one.figures
    assert one.state == "open", "at the worse limit no number of labels is enough"
    assert figures["wrong_read_once"] == pytest.approx(2 * DAYS / (DAYS * A_DAY - LEFT))
    assert figures["wrong_by_verdict"] == pytest.approx(DAYS / (DAYS * A_DAY - LEFT))
    assert figures["right_called_wrong"] == pytest.approx(DAYS / (DAYS * A_DAY - LEFT - DAYS))
    assert figures["labels_once"] is None, "one reader finds 5.1 % wrong, and 5 % may be"
    assert isinstance(figures["labels_verdicts"], int)
    assert one.says.startswith("So far better data:")
    assert one.lines[0].startswith("Read once: no number of labels is enough (")


def test_where_the_input_does_not_say_when_the_model_answered_the_key_is_named(desk: Desk, clock: Clock) -> None:
    live(desk, clock)
    one = answers()[TIMING]
    assert (one.state, one.figures["batch_wait_hours"]) == ("unasked", None)
    assert "every_hour_would_have_been_hours" not in one.figures, "when cases came is not known"
    assert "input.produced_at" in one.would_change
    assert "after they were scored" in one.says


def test_a_ledger_without_an_answer_says_so(desk: Desk) -> None:
    states = {question: one.state for question, one in answers().items()}
    asks_nobody = dict.fromkeys((build_or_buy.QUESTION, complexity.QUESTION, adaptation.QUESTION), "unasked")
    assert states == dict.fromkeys((DATA, TIMING, OVERSIGHT), "open") | asks_nobody
    desk.arrive("a", 10, 0.9, answer=False)
    by_question = answers()
    assert "no answer of people is final so far" in by_question[TIMING].says
    assert "0 labels so far, about" in by_question[DATA].says
    assert by_question[OVERSIGHT].says.startswith("Oversight: the machine answers nothing alone")


def test_what_is_released_is_known_with_limits_and_what_people_add_is_open(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9, wrong=2)
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    desk.arrive("b", 300, 0.95, wrong=2)
    desk.arrive("c", 60, 0.4, wrong=9)
    one = answers()[OVERSIGHT]
    assert one.figures["released"] == 300
    assert one.figures["people_add"] is None
    error = measure.read("mail").error
    assert (one.figures["error"], one.figures["error_high"]) == (error.value, error.high)  # type: ignore[union-attr]
    assert "Nobody has measured how many of these they notice" in one.says
    assert "labels of answers as sure certify that at most" in one.says
    low, high, people = (one.figures[f"cost_of_1000{end}"] for end in ("_low", "_high", "_read_by_people"))
    assert (one.state == "open") == (low <= people <= high)  # type: ignore[operator] # they are numbers
    assert one.figures["cost_of_1000"] in measure.read("mail").what_if.rows["cost"].to_list()


def test_the_answers_of_the_model_are_paid_for_on_the_machines_side_alone(desk: Desk, clock: Clock) -> None:
    desk = replace(desk, price=0.02)
    desk.arrive("a", 400, 0.9, wrong=2)
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    for day in "bcdefgh":
        clock.later(1)
        desk.arrive(day, 40, 0.95)
    one, rows = answers()[OVERSIGHT], measure.read("mail").what_if.rows
    row = rows.filter(threshold=desk.in_force().policy.threshold).row(0, named=True)
    now, low, high = (one.figures[f"cost_of_1000{end}"] for end in ("", "_low", "_high"))
    assert now == pytest.approx(row["cost"] + 20, rel=1e-3)
    assert low < row["cost_low"] + 20 < row["cost_high"] + 20 < high
    assert one.figures["cost_of_1000_read_by_people"] == rows["cost"][0], "people need no model"
    assert "a thousand answers of the model at 20.0 EUR" in formats.plain(one.says)


def test_page_json_and_command_have_the_same_answers_and_nothing_is_recorded(desk: Desk, clock: Clock) -> None:
    live(replace(desk, dated=True), clock)
    before = desk.book.head()
    new_report = measure.read("mail")
    page, data = report.page(new_report), as_json.whole(new_report)["choices"]
    money = (build_or_buy.QUESTION, complexity.QUESTION, adaptation.QUESTION)
    assert [one["question"] for one in data] == [*money[:2], DATA, TIMING, money[2], OVERSIGHT]
    done = CliRunner().invoke(main.app, ["choices", "mail", "--json"])
    assert (done.exit_code, json.loads(done.output)) == (0, json.loads(json.dumps(data)))
    done = CliRunner().invoke(main.app, ["choices", "mail"])
    assert done.exit_code == 0
    for one in data:
        assert one["question"] in page
        assert one["says"] in done.output
        assert all(half in page for half in one["says"].partition(". ")[::2])
        assert one["rests_on"] in done.output
    assert desk.book.head() == before
    assert verify.ledger(desk.book) == []


def test_a_report_that_is_measured_has_the_answers_that_are_read(desk: Desk) -> None:
    desk.arrive("a", 60, 0.9, wrong=2)
    now, in_force, cases = runs.clock(), desk.in_force(), desk.cases()
    progress = evidence.look(desk.run(), in_force, cases, now)
    labels = evidence.labels(desk.describe(), in_force, cases, now)
    measured = measure.gather(desk.run(), in_force, cases, progress, labels, now)
    assert measured.choices == measure.read("mail").choices


def test_when_each_case_arrived_was_read_and_was_final(desk: Desk, clock: Clock) -> None:
    dated = replace(desk, dated=True)
    dated.arrive("a", 4, 0.9, answer=False, days=["2026-03-01"] * 4)
    begun = clock.now
    for task, (case, label) in enumerate({"a-0000": "ham", "a-0001": "spam", "a-0002": "spam"}.items(), start=1):
        dated.answer(case, task, label, clock.later(1 / 24))
    dated.second(["a-0001"], "spam", clock.later(1 / 24))
    people = readings.read(desk.book, "mail")
    rows = waits.of(desk.book, "mail", people, since=EARLY, second_opinion=True).sort("case_id")
    at = begun.timestamp()
    assert rows["decided"].to_list() == [at] * 4
    assert rows["arrived"].to_list() == [at - 86_400] * 4
    assert rows["first"].to_list() == [at + 3600, at + 7200, at + 10_800, None]
    assert rows["final"].to_list() == [at + 3600, at + 14_400, None, None], "one is decided by another, one is to be"
    alone = waits.of(desk.book, "mail", people, since=EARLY, second_opinion=False).sort("case_id")
    assert alone["final"].to_list() == alone["first"].to_list()
    later = timestamps.text(begun.replace(year=2027))
    assert waits.of(desk.book, "mail", people, since=later, second_opinion=True).is_empty()
