"""Where each case is, and what the ledger looks like from outside: the same on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from review.health import ledger_probe
from review.ledger import ledger
from review.queries import collected, readings, sent_tasks
from tests.integration import ledger_facts as facts

EARLY, LATE = "2026-02-01T08:00:00.000000Z", "2026-02-01T20:00:00.000000Z"
NEXT_DAY = "2026-02-02T09:00:00.000000Z"


@pytest.fixture
def book(ledger_url: str) -> Iterator[ledger.Ledger]:
    ledger.migrate(ledger_url)
    cases: list[dict[str, facts.Value]] = [{"case_id": case} for case in "abcd"]
    with ledger.open(ledger_url) as opened:
        opened.append(
            {
                "epoch": facts.epochs(),
                "policy": facts.policies(),
                "adoption": facts.adoptions(),
                "decision": facts.decisions(*cases),
            },
            now=facts.NOW,
        )
        yield opened


def send(book: ledger.Ledger, *cases: str, at: str) -> None:
    rows: list[dict[str, facts.Value]] = [
        {"case_id": case, "task_id": ord(case), "task_key": f"key-{case}", "sent_at": at} for case in cases
    ]
    book.append({"dispatch": facts.dispatches(*rows)}, now=facts.NOW)


def collect(book: ledger.Ledger, run: str, *, started_at: str) -> None:
    row: dict[str, facts.Value] = {"run_id": run, "flow": "collect", "started_at": started_at, "cursor": started_at}
    book.append({"run": facts.runs(row)}, now=facts.NOW)


def test_only_what_was_recorded_since_the_last_collection_began_may_have_been_passed_over(book: ledger.Ledger) -> None:
    assert sent_tasks.sent_since_collected(book, "mail", 7) is None
    send(book, "a", at=EARLY)
    assert sent_tasks.sent_since_collected(book, "mail", 7) == (ord("a"), ord("a"))
    collect(book, "one", started_at=LATE)
    assert sent_tasks.sent_since_collected(book, "mail", 7) is None
    send(book, "b", "c", at=NEXT_DAY)
    assert sent_tasks.sent_since_collected(book, "mail", 7) == (ord("b"), ord("c"))
    assert sent_tasks.sent_since_collected(book, "mail", 8) is None
    assert sent_tasks.sent_since_collected(book, "another", 7) is None


def test_what_was_recorded_after_a_collection_counts_although_the_clock_was_set_back(book: ledger.Ledger) -> None:
    collect(book, "one", started_at=LATE)
    send(book, "a", at=EARLY)
    assert sent_tasks.sent_since_collected(book, "mail", 7) == (ord("a"), ord("a"))
    collect(book, "two", started_at=NEXT_DAY)
    book.append({"redispatch": facts.redispatches({"case_id": "a", "task_id": 500, "sent_at": EARLY})}, now=facts.NOW)
    assert sent_tasks.sent_since_collected(book, "mail", 7) == (500, 500)


def test_a_case_waits_until_a_person_answers_wherever_its_tasks_went(book: ledger.Ledger) -> None:
    send(book, "a", "b", "c", at=EARLY)
    book.append({"redispatch": facts.redispatches({"case_id": "a", "task_id": 500})}, now=facts.NOW)
    by_names: list[dict[str, facts.Value]] = [
        {"case_id": "b", "task_id": ord("b"), "annotation_id": 1},
        {"case_id": "c", "task_id": ord("c"), "annotation_id": 2, "outcome": "skip", "answer": None},
    ]
    book.append({"review": facts.reviews(*by_names)}, now=facts.NOW)
    waiting = sent_tasks.unanswered(book, "mail")
    assert waiting.select("case_id", "slot", "task_key", "payload", "prediction", "blind").rows() == [
        ("a", 0, "key-a", '{"text": "hello"}', "ham", False),
        ("c", 0, "key-c", '{"text": "hello"}', "ham", False),
    ]
    assert waiting["case_id"].to_list() == readings.open_cases(readings.read(book, "mail"))["case_id"].to_list()
    assert sent_tasks.recorded_tasks(book, 7) == {*map(ord, "abc"), 500}
    assert sent_tasks.live_annotations(book, "mail", 7) == 1
    assert sent_tasks.last_answers(book, "mail") == {"ben@example.org": facts.NOW}


def test_an_annotation_number_given_out_again_takes_no_other_cases_answer(book: ledger.Ledger) -> None:
    send(book, "a", "b", at=EARLY)
    by_names: list[dict[str, facts.Value]] = [
        {"case_id": "a", "annotation_id": 1, "revision": EARLY, "answer": "ham"},
        {"case_id": "b", "annotation_id": 1, "revision": LATE, "answer": "spam"},
    ]
    book.append({"review": facts.reviews(*by_names)}, now=facts.NOW)
    assert set(readings.read(book, "mail").readings.select("case_id", "answer").rows()) == {("a", "ham"), ("b", "spam")}
    known = collected.known_annotations(book, 7, [1])
    assert set(known.select("case_id", "revision").rows()) == {("a", EARLY), ("b", LATE)}


def test_an_annotation_number_given_out_again_to_its_own_case_is_a_new_answer(book: ledger.Ledger) -> None:
    send(book, "a", "b", at=EARLY)
    by_name: dict[str, facts.Value] = {"case_id": "a", "task_id": 97, "revision": EARLY}
    gone: dict[str, facts.Value] = {"outcome": "deleted", "answer": None, "revision": f"{EARLY} deleted 97"}
    book.append({"review": facts.reviews(by_name, {**by_name, **gone})}, now=facts.NOW)
    assert sent_tasks.answered_tasks(book, 7, "key-a") == set()
    assert sent_tasks.newest_change(book, 7) == EARLY
    book.append({"review": facts.reviews({**by_name, "revision": LATE, "answer": "spam"})}, now=facts.NOW)
    assert sent_tasks.answered_tasks(book, 7, "key-a") == {97}
    assert readings.read(book, "mail").readings.select("case_id", "answer").rows() == [("a", "spam")]
    # And the number of the one as that of another case, gone there at the same time.
    other: dict[str, facts.Value] = {**gone, "case_id": "b", "task_id": 98, "revision": f"{EARLY} deleted 98"}
    book.append({"review": facts.reviews(other)}, now=facts.NOW)
    assert sent_tasks.deleted_since(book, "mail", EARLY) == 2


def test_deletions_of_late_are_counted(book: ledger.Ledger) -> None:
    send(book, "a", at=EARLY)
    gone: dict[str, facts.Value] = {
        "case_id": "a",
        "outcome": "deleted",
        "answer": None,
        "revision": f"{EARLY} deleted 97",
    }
    book.append({"review": facts.reviews(gone | {"collected_at": LATE})}, now=facts.NOW)
    assert sent_tasks.deleted_since(book, "mail", EARLY) == 1
    assert sent_tasks.deleted_since(book, "mail", NEXT_DAY) == 0


def test_a_look_at_the_ledger_sees_its_size_its_head_and_what_is_odd(book: ledger.Ledger, ledger_url: str) -> None:
    seen = ledger_probe.look(book, ledger_url, deep=False)
    assert seen.head == book.head()
    assert seen.size > 50_000
    assert list(seen.odd) == []
    sqlite = ledger_url.startswith("sqlite")
    assert (seen.journal, seen.free is not None) == (("wal", True) if sqlite else (None, False))
    there = ledger_probe.now(book, ledger_url)
    assert there is None if sqlite else abs((there - datetime.now(UTC)).total_seconds()) < 60  # type: ignore[operator]


def test_a_quick_look_finds_what_costs_nothing_to_find_and_a_deep_one_the_rest(ledger_url: str) -> None:
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        book.append(facts.all_tables(), now=facts.NOW)
    facts.execute(ledger_url, *facts.unguard(ledger_url, "fault"), "UPDATE fault SET reason = 'nicer' WHERE line = 9")
    with ledger.open(ledger_url) as book:
        quick = [finding.kind for finding in ledger_probe.look(book, ledger_url, deep=False).odd]
        deep = [finding.kind for finding in ledger_probe.look(book, ledger_url, deep=True).odd]
    assert quick == ["unguarded"]
    assert sorted(deep) == ["edited", "unguarded"]
    facts.execute(ledger_url, *facts.unguard(ledger_url, "seal"), "DELETE FROM seal WHERE seq = 3")
    with ledger.open(ledger_url) as book:
        kinds = [finding.kind for finding in ledger_probe.look(book, ledger_url, deep=False).odd]
    assert "removed" in kinds
