"""A blind answer against the model waits for another person, as does a share of those that agree with it, and a tie for a
third; the majority decides."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from flows import dispatch
from flows.runtime import runs, settings
from models.config import stream as streams
from review.ledger import ledger
from review.queries import adjudication, outcomes, overlap, readings, sent_tasks, totals
from review.report import timeline
from tests.integration import ledger_facts as facts

NOW = "2026-02-02T12:00:00.000000Z"
STREAM = """
name = "mail"
title = "Mail"
labels = ["ham", "spam"]
[input]
source = "inbox"
prediction = "label"
confidence = "score"
payload = ["text"]
[model]
id = "m-1"
[review]
kind = "text"
question = "Is it spam?"
project = "Mail"
{rules}
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 1.0
"""
EMPTY: Mapping[str, facts.Value] = MappingProxyType({})
PEOPLE = ("ann", "ben", "cleo", "dan")


@pytest.fixture
def book(ledger_url: str) -> Iterator[ledger.Ledger]:
    """An open ledger whose epoch registered that every agreeing answer is read twice; a stream may ask for less."""
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as opened:
        epoch = facts.epochs({"terms": '{"review.overlap": 1.0}'})
        opened.append({"epoch": epoch, "policy": facts.policies(), "adoption": facts.adoptions()}, now=facts.NOW)
        yield opened


def read(
    book: ledger.Ledger, case: str, answers: str, *, fields: Mapping[str, facts.Value] = EMPTY, **more: facts.Value
) -> None:
    """Decide a case for which the model says ham, and have one person after another answer it: h(am), s(pam), or - for
    an answer of an earlier reader, or ? for none yet. `fields`: what else stands in each answer."""
    decided: dict[str, facts.Value] = {"case_id": case, "blind": True}
    book.append({"decision": facts.decisions(decided | more)}, now=facts.NOW)
    for slot, letter in enumerate(answers):
        task = 100 * (1 + len(readings.read(book, "mail").readings)) + 10 * ord(case[0]) + slot + ord(case[-1]) * 10_000
        sent: dict[str, facts.Value] = {"case_id": case, "slot": slot, "task_id": task, "task_key": f"{case}{slot}"}
        book.append({"dispatch": facts.dispatches(sent | {"blind": True})}, now=facts.NOW)
        if letter == "?":
            continue
        read_as: dict[str, facts.Value] = {
            "case_id": case,
            "slot": slot,
            "task_id": task,
            "annotation_id": task,
            "blind": True,
        }
        what: dict[str, facts.Value] = {"answer": {"h": "ham", "s": "spam"}.get(letter), "reviewer": PEOPLE[slot]}
        if letter == "-":
            what |= {"outcome": "repeat", "reviewer": PEOPLE[0]}
        book.append({"review": facts.reviews(read_as | what | dict(fields))}, now=facts.NOW)


def waiting(book: ledger.Ledger, *, second: bool = True, share: float = 0.0, limit: int = 10) -> list[tuple[str, int]]:
    """Which readings are to be put before people: case, slot."""
    result = adjudication.waiting(book, "mail", limit, second_opinion=second, overlap=share)
    return result.select("case_id", "slot").rows()


def verdict(book: ledger.Ledger, *, second: bool = True, share: float = 0.0) -> list[tuple[int, int, bool, bool]]:
    """Of each answered case: readings, agree, disputed, due."""
    claims = overlap.claims(book, "mail", share)
    verdicts = readings.verdicts(readings.read(book, "mail").readings, claims, second_opinion=second)
    return verdicts.sort("case_id").select("readings", "agree", "disputed", "due").rows()


@pytest.mark.parametrize(
    ("answers", "outcome", "next_reading"),
    [
        ("h", "right", None),
        ("s", "disputed", 1),
        ("s?", "disputed", None),
        ("ss", "wrong", None),
        ("sh", "disputed", 2),
        ("sh?", "disputed", None),
        ("shs", "wrong", None),
        ("shh", "right", None),
        ("s-", "disputed", 2),
        ("s-s", "wrong", None),
        ("s-h", "disputed", 3),
    ],
)
def test_the_majority_of_different_people_decides(
    book: ledger.Ledger, answers: str, outcome: str, next_reading: int | None
) -> None:
    read(book, "c", answers)
    assert [outcome] == facts.judge(book).sampled["outcome"].to_list()
    assert ([] if next_reading is None else [("c", next_reading)]) == waiting(book)
    assert [] == waiting(book, second=False)
    assert int(outcome == "disputed") == facts.judge(book).sampled["disputed"].sum()
    # An estimate counts the dispute as an error until it is settled; without second opinions it is one.
    settled = "wrong" if outcome == "disputed" else outcome
    for second in (True, False):
        counts = outcomes.counts(facts.judge(book, now=NOW, second=second))
        assert [settled] == counts["outcome"].to_list()


def write(book: ledger.Ledger, case: str, slot: int, label: str, writer: str, *, revision: str) -> None:
    """An answer in the name of who reads that slot, or a change of it, by another hand."""
    sent = book.read(
        "SELECT task_id, task_key FROM dispatch WHERE case_id = :case AND slot = :slot", case=case, slot=slot
    )
    place: dict[str, facts.Value] = {"case_id": case, "slot": slot, "task_id": sent["task_id"].item()}
    place |= {"annotation_id": sent["task_id"].item(), "revision": revision, "blind": False}
    fields: dict[str, facts.Value] = {"answer": label, "reviewer": PEOPLE[slot], "written_by": writer}
    book.append({"review": facts.reviews(place | fields)}, now=facts.NOW)


def test_an_answer_in_anothers_name_settles_no_dispute_and_its_writer_has_read_the_case(book: ledger.Ledger) -> None:
    read(book, "c", "s?")
    write(book, "c", 1, "spam", "dan", revision=NOW)  # as Ben
    assert [(1, 0, True, True)] == verdict(book)
    assert ["disputed"] == facts.judge(book).sampled["outcome"].to_list()
    assert [("c", 2)] == waiting(book)
    assert {"c": {"ann": 0, "ben": 1, "dan": 1}} == adjudication.readers(book, "mail", ["c"])
    assert [("ben", "dan")] == sent_tasks.written_by_others(book, "mail").select("reviewer", "written_by").rows()


def test_what_another_makes_of_a_readers_answer_is_kept_and_the_readers_own_word_stands(book: ledger.Ledger) -> None:
    read(book, "c", "ss")
    assert [(2, 0, False, False)] == verdict(book)
    write(book, "c", 1, "ham", "dan", revision=NOW)
    assert [(2, 0, False, False)] == verdict(book)
    assert ["wrong"] == facts.judge(book).sampled["outcome"].to_list()
    assert [("ben", "dan")] == sent_tasks.written_by_others(book, "mail").select("reviewer", "written_by").rows()
    assert "written by dan, who is not the reader" in timeline.case(book, "mail", "c")


@pytest.mark.parametrize("second", [True, False])
def test_who_agrees_and_is_not_sure_is_read_by_another_unless_readers_read_alone(
    book: ledger.Ledger, second: bool
) -> None:
    read(book, "c", "h", fields={"unsure": True, "comment": "A <b>draft</b>?"})
    assert [(1, 1, second, second)] == verdict(book, second=second)
    assert ([("c", 1)] if second else []) == waiting(book, second=second)
    sampled = facts.judge(book, second=second).sampled
    assert [("disputed", False) if second else ("right", True)] == sampled.select("outcome", "settled").rows()
    # Until then an estimate takes it for wrong, whatever the reader thought.
    assert ["wrong" if second else "right"] == outcomes.counts(facts.judge(book, second=second))["outcome"].to_list()
    assert "answered 'ham', not sure after" in timeline.case(book, "mail", "c")
    assert 'comment: "A <b>draft</b>?"' in timeline.case(book, "mail", "c")
    read(book, "d", "hh", fields={"unsure": True})  # the other is no surer, and agrees
    assert (2, 2, False, False) == verdict(book, second=second)[1]


def test_a_spent_reading_number_is_not_open_and_a_repeat_is_no_reading(book: ledger.Ledger) -> None:
    read(book, "c", "s-?")
    assert [("c", 2)] == readings.open_cases(readings.read(book, "mail")).select("case_id", "slot").rows()
    assert 1 == totals.totals(book, "mail", readings.read(book, "mail"))["open"]
    assert 1 == len(readings.read(book, "mail").readings)
    assert {"c": {"ann": 0}} == adjudication.readers(book, "mail", ["c", "unknown"])


def test_what_the_model_did_not_claim_is_not_disputed(book: ledger.Ledger) -> None:
    read(book, "none", "s", prediction=None, confidence=None, raw_score=None, doubt="no prediction")
    read(book, "assisted", "s", blind=False)
    assert [] == waiting(book, share=1.0)
    assert 0 == facts.judge(book).sampled["disputed"].sum()


def test_a_dispute_past_its_deadline_is_late(book: ledger.Ledger) -> None:
    read(book, "c", "s?")
    for hours, late in ((10_000, False), (0, True)):
        assert [late] == facts.judge(book, now=NOW, hours=hours).sampled["late"].to_list()


@pytest.mark.parametrize(
    ("answers", "next_reading", "verdict_"),
    [
        ("h", 1, (1, 1, False, True)),
        ("h?", None, (1, 1, False, True)),
        ("h-", 2, (1, 1, False, True)),
        ("hh", None, (2, 2, False, False)),
        ("hs", 2, (2, 1, True, True)),
        ("hs?", None, (2, 1, True, True)),
        ("hss", None, (3, 1, False, False)),
        ("hsh", None, (3, 2, False, False)),
        ("s", 1, (1, 0, True, True)),
        ("ss", None, (2, 0, False, False)),
    ],
)
def test_a_sampled_reading_that_agrees_is_read_by_another_person_and_a_tie_by_a_third(
    book: ledger.Ledger, answers: str, next_reading: int | None, verdict_: tuple[int, int, bool, bool]
) -> None:
    read(book, "c", answers)
    assert ([] if next_reading is None else [("c", next_reading)]) == waiting(book, share=1.0)
    assert [verdict_] == verdict(book, share=1.0)


def test_second_opinions_and_the_overlap_are_turned_off_each_by_itself(book: ledger.Ledger) -> None:
    read(book, "agrees", "h")
    read(book, "denies", "s")
    read(book, "equal", "hs")
    both = [("agrees", 1), ("denies", 1), ("equal", 2)]
    assert both == waiting(book, share=1.0)
    assert both[:1] == waiting(book, second=False, share=1.0)
    assert both[1:] == waiting(book, share=0.0)
    assert [] == waiting(book, second=False, share=0.0)
    flags = [(False, True), (False, False), (False, False)]
    assert flags == [row[2:] for row in verdict(book, second=False, share=1.0)]


@pytest.mark.parametrize(
    ("rules", "sent"),
    [
        ("overlap = 1.0", ["agrees", "denies"]),
        ("overlap = 0.0", ["denies"]),
        ("overlap = 1.0\nsecond_opinion = false", ["agrees"]),
        ("overlap = 1.0\nqueue_depth = 1", ["agrees"]),
    ],
)
def test_dispatch_sends_what_the_stream_asks_for_up_to_the_depth_of_its_queue(
    book: ledger.Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str, sent: list[str]
) -> None:
    read(book, "agrees", "h", content="1" * 64)
    read(book, "denies", "s", content="2" * 64)
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    stream = streams.parse(STREAM.format(rules=rules), origin="mail.toml")
    run = runs.Run(run_id="r", flow="dispatch", started_at=NOW, stream=stream, settings=settings.read(), ledger=book)
    open_before = readings.open_cases(readings.read(book, "mail"))
    assert sent == dispatch._again(run, open_before)["case_id"].to_list()


def test_both_kinds_go_out_in_the_order_of_the_queue_alike_but_for_what_they_are(book: ledger.Ledger) -> None:
    contents = {"a": "3" * 64, "b": "1" * 64, "c": "2" * 64}
    for case, answers in (("a", "s"), ("b", "h"), ("c", "s")):
        read(book, case, answers, content=contents[case])
    result = adjudication.waiting(book, "mail", 10, second_opinion=True, overlap=1.0)
    assert ["case_id", "payload", "prediction", "blind", "slot"] == result.columns
    assert [("b", 1, True), ("c", 1, True), ("a", 1, True)] == result.select("case_id", "slot", "blind").rows()
    assert [("b", 1), ("c", 1)] == waiting(book, share=1.0, limit=2)


def test_an_answer_that_was_not_blind_is_no_reading(book: ledger.Ledger) -> None:
    read(book, "c", "")
    shown: dict[str, facts.Value] = {"case_id": "c", "answer": "spam", "blind": False}
    book.append({"dispatch": facts.dispatches({"case_id": "c"}), "review": facts.reviews(shown)}, now=facts.NOW)
    assert [] == verdict(book, share=1.0)
    assert [] == waiting(book, share=1.0)


def test_the_frame_of_readings_tells_each_reading_apart_and_what_the_majority_says(book: ledger.Ledger) -> None:
    cases = ["h", "hh", "hs", "hss", "hsh", "s", "ss", "sh", "shs", "shh", "s-s", ""]
    for number, answers in enumerate(cases):
        read(book, f"c-{number:02d}", answers, group_id=f"{number % 3 + 1:016x}", propensity=0.25, route="AUTOMATE")
    read(book, "none", "s", prediction=None, confidence=None, raw_score=None, doubt="no prediction")
    read(book, "assisted", "h", blind=False)
    people = readings.read(book, "mail")
    rows = overlap.twice_read(overlap.claims(book, "mail", 1.0), people).sort("case_id")
    assert {("e-1", "AUTOMATE", 0.25, True, "ann")} == set(
        rows.select("epoch_id", "route", "propensity", "overlap", "reader").rows()
    )
    assert [1, 2, 3, 1] == rows["member"].head(4).to_list()
    letters = {True: "h", False: "s", None: ""}
    texts = ["".join(letters[reading] for reading in row) for row in rows.select("agree", "second", "third").rows()]
    assert [answers.replace("-", "") for answers in cases if answers] == texts
    wanted = [False, False, None, True, False, None, True, None, True, False, True]
    assert wanted == rows["wrong"].to_list()
