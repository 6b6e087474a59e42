"""Finished answers: what each case came to, and what has become another since, the same on both databases."""

import random

import polars as pl
from polars.testing import assert_frame_equal

from review.ledger import ledger
from review.queries import finished
from tests.integration import ledger_facts as facts
from tests.integration.test_states import decide, say, send

EARLY = "2026-02-01T08:00:00.000000Z"


def all_of(book: ledger.Ledger, until: int | None = None) -> pl.DataFrame:
    return finished.at(book, "mail", until=book.head()[0] if until is None else until)


def states(book: ledger.Ledger) -> dict[str, tuple[str, str | None, str | None]]:
    rows = all_of(book).select("case_id", "state", "answer", "answered_by").rows()
    return {case: (state, answer, who) for case, state, answer, who in rows}


def recall(book: ledger.Ledger, case: str) -> None:
    row = {"stream": "mail", "case_id": case, "recalled_by": "ann", "because": "an alarm", "recalled_at": facts.NOW}
    book.append({"recall": pl.DataFrame([row])}, now=facts.NOW)


def send_again(book: ledger.Ledger, case: str, slot: int, task: int, *, blind: bool = True) -> None:
    row: dict[str, facts.Value] = {
        "case_id": case,
        "slot": slot,
        "task_id": task,
        "task_key": f"{case} {slot}",
        "blind": blind,
    }
    book.append({"dispatch": facts.dispatches(row | {"sent_at": EARLY})}, now=facts.NOW)


def test_what_was_released_is_finished_and_what_waits_for_people_is_not(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "out", "route": "AUTOMATE"}, {"case_id": "in"}, {"case_id": "other's", "stream": "other"})
    (row,) = all_of(book).to_dicts()
    assert (row["case_id"], row["state"], row["answer"], row["answered_by"]) == ("out", "released", "ham", "m-1")
    assert (row["readings"], row["policy_version"], row["certified"], row["sequence"]) == (0, 1, False, book.head()[0])


def test_an_answer_with_the_models_filled_in_is_the_last_word(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "kept"}, {"case_id": "changed"})
    send(book, kept=1, changed=2)
    say(book, "kept", 1, answer="ham", blind=False)
    say(book, "changed", 2, answer="spam", blind=False, reviewer="bo@example.org")
    assert states(book)["changed"] == ("reviewed", "spam", "bo@example.org")
    assert states(book)["kept"][:2] == ("reviewed", "ham")


def test_a_blind_answer_against_the_model_waits_for_a_majority(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "a", "blind": True}, {"case_id": "b", "blind": True})
    send(book, a=1, b=2)
    say(book, "a", 1, answer="spam", blind=True)
    say(book, "b", 2, answer="ham", blind=True)
    assert set(states(book)) == {"b"}
    send_again(book, "a", 1, 3)
    say(
        book,
        "a",
        3,
        answer="spam",
        blind=True,
        slot=1,
        reviewer="bo@example.org",
        submitted_at="2026-02-03T09:00:00.000000Z",
    )
    assert states(book)["a"] == ("reviewed", "spam", "bo@example.org")


def test_an_audit_that_finds_an_error_is_a_correction_of_what_went_out_and_one_that_agrees_is_none(
    book: ledger.Ledger,
) -> None:
    audit: dict[str, facts.Value] = {"route": "AUTOMATE", "blind": True}
    decide(book, audit | {"case_id": "a"}, audit | {"case_id": "b"})
    send(book, a=1, b=2)
    out = book.head()[0]
    say(book, "a", 1, answer="spam", blind=True)
    say(book, "b", 2, answer="ham", blind=True)
    assert states(book) == dict.fromkeys("ab", ("released", "ham", "m-1"))  # a dispute takes nothing back
    assert finished.since(book, "mail", after=out, until=book.head()[0]).is_empty()
    send_again(book, "a", 1, 3)
    say(book, "a", 3, answer="spam", blind=True, slot=1, reviewer="bo@example.org")
    changed = finished.since(book, "mail", after=out, until=book.head()[0])
    assert changed.select("case_id", "state", "answer", "readings").rows() == [("a", "reviewed", "spam", 2)]


def test_what_is_recalled_or_whose_answer_is_deleted_is_withdrawn_until_somebody_answers(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "out", "route": "AUTOMATE"}, {"case_id": "read"})
    send(book, read=1)
    say(book, "read", 1, answer="spam", blind=False)
    before = book.head()[0]
    recall(book, "out")
    say(book, "read", 1, outcome="deleted", answer=None, blind=False, revision="2026-02-09T00:00:00.000000Z deleted 1")
    changed = finished.since(book, "mail", after=before, until=book.head()[0])
    assert changed.select("case_id", "state", "answer").rows() == [
        ("out", "withdrawn", None),
        ("read", "withdrawn", None),
    ]
    assert states(book) == {}
    send(book, out=2)
    between = book.head()[0]
    say(book, "out", 2, answer="ham", blind=False)
    again = finished.since(book, "mail", after=between, until=book.head()[0])
    assert again.select("case_id", "state", "answer").rows() == [("out", "reviewed", "ham")]


def test_exports_one_after_another_add_up_to_the_whole_whenever_they_were_made(book: ledger.Ledger) -> None:
    """A life of some hundred facts, exported at random moments: the last row of each case is what `at` gives."""
    chance = random.Random(7)
    kept: dict[str, dict[str, object]] = {}
    cursor, cases, annotation = 0, 0, 0
    sent: list[str] = []
    exports = 0
    for _ in range(120):
        kind = chance.random()
        if kind < 0.3 or not sent:
            route = chance.choice(["AUTOMATE", "REVIEW"])
            decide(book, {"case_id": f"c{cases}", "route": route, "blind": chance.random() < 0.7})
            send(book, **{f"c{cases}": cases + 1})
            sent.append(f"c{cases}")
            cases += 1
        elif kind < 0.8:
            annotation += 1
            say(
                book,
                chance.choice(sent),
                chance.choice([annotation, max(1, annotation - 3)]),
                answer=chance.choice(["ham", "spam"]),
                blind=chance.random() < 0.7,
                revision=f"2026-02-01T12:00:00.{annotation:06d}Z",
                submitted_at=f"2026-02-01T12:00:00.{annotation:06d}Z",
                reviewer=chance.choice(["ann@example.org", "bo@example.org", "cy@example.org"]),
            )
        elif kind < 0.9:
            book.append({}, now=facts.NOW)
        else:
            case = chance.choice(sent)
            if book.read("SELECT 1 FROM recall WHERE case_id = :case", case=case).is_empty():
                recall(book, case)
        if chance.random() < 0.2:
            head = book.head()[0]
            for row in finished.since(book, "mail", after=cursor, until=head).to_dicts():
                if row["state"] == "withdrawn":
                    del kept[row["case_id"]]  # it had been handed out
                else:
                    before = kept.get(row["case_id"], {})
                    reported = ("state", "answer", "answered_by")
                    assert [before.get(name) for name in reported] != [row[name] for name in reported]
                    kept[row["case_id"]] = row
            cursor = head
            exports += 1
            whole = all_of(book, head)
            of = ("case_id", "state", "answer", "answered_by")
            assert {tuple(row[name] for name in of) for row in kept.values()} == set(whole.select(of).rows())
    assert exports > 10
    assert_frame_equal(finished.since(book, "mail", after=0, until=cursor), all_of(book, cursor))


def test_whether_one_reading_is_enough_is_what_the_cases_epoch_was_opened_with(book: ledger.Ledger) -> None:
    single: dict[str, facts.Value] = {"epoch_id": "e-2", "terms": '{"review.second_opinion": false}'}
    book.append({"epoch": facts.epochs(single)}, now=facts.NOW)
    decide(book, {"case_id": "a", "blind": True}, {"case_id": "b", "blind": True, "epoch_id": "e-2"})
    send(book, a=1, b=2)
    say(book, "a", 1, answer="spam", blind=True)
    say(book, "b", 2, answer="spam", blind=True)
    assert set(states(book)) == {"b"}


def test_a_recalled_answer_that_people_confirm_is_a_change_of_who_says_so(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "a", "route": "AUTOMATE"})
    out = book.head()[0]
    recall(book, "a")
    send(book, a=1)
    say(book, "a", 1, answer="ham", blind=False)
    changed = finished.since(book, "mail", after=out, until=book.head()[0])
    assert changed.select("case_id", "state", "answer").rows() == [("a", "reviewed", "ham")]
