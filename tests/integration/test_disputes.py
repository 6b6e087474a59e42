"""A blind answer against the model waits for another person, a tie for a third; the majority decides."""

import pytest

from review import disputes, judged, ledger
from review.states import counted, reviewed
from tests.integration import ledger_facts as facts

NOW = "2026-02-02T12:00:00.000000Z"
PEOPLE = ("ann", "ben", "cleo", "dan")


def read(book: ledger.Ledger, case: str, answers: str, **more: facts.Value) -> None:
    """Decide a case for which the model says ham, and have one person after another answer it: h(am), s(pam), or - for
    an answer of an earlier reader, or ? for none yet."""
    decided: dict[str, facts.Value] = {"case_id": case, "blind": True}
    book.append({"decision": facts.decisions(decided | more)}, now=facts.NOW)
    for slot, letter in enumerate(answers):
        task = 100 * (1 + len(reviewed.read(book, "mail").readings)) + 10 * ord(case[0]) + slot + ord(case[-1]) * 10_000
        sent: dict[str, facts.Value] = {"case_id": case, "slot": slot, "task_id": task, "task_key": f"{case}{slot}"}
        book.append({"dispatch": facts.dispatches(sent | {"blind": True})}, now=facts.NOW)
        if letter == "?":
            continue
        said: dict[str, facts.Value] = {"case_id": case, "slot": slot, "task_id": task, "annotation_id": task}
        what: dict[str, facts.Value] = {"answer": {"h": "ham", "s": "spam"}.get(letter), "reviewer": PEOPLE[slot]}
        if letter == "-":
            what |= {"outcome": "repeat", "reviewer": PEOPLE[0]}
        book.append({"review": facts.reviews(said | what)}, now=facts.NOW)


@pytest.mark.parametrize(
    ("answers", "outcome", "next_slot"),
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
    book: ledger.Ledger, answers: str, outcome: str, next_slot: int | None
) -> None:
    read(book, "c", answers)
    assert [outcome] == facts.judge(book).drawn["outcome"].to_list()
    waiting = disputes.waiting(book, "mail", 10)
    assert ([] if next_slot is None else [("c", next_slot)]) == waiting.select("case_id", "slot").rows()
    assert int(outcome == "disputed") == facts.judge(book).drawn["disputed"].sum()
    # An estimate counts the dispute as an error until it is settled; without second opinions it is one.
    settled = "wrong" if outcome == "disputed" else outcome
    for second in (True, False):
        found = judged.counts(facts.judge(book, now=NOW, second=second))
        assert [settled] == found["outcome"].to_list()


def test_a_spent_slot_is_not_open_and_a_repeat_is_no_reading(book: ledger.Ledger) -> None:
    read(book, "c", "s-?")
    assert [("c", 2)] == reviewed.open_cases(reviewed.read(book, "mail")).select("case_id", "slot").rows()
    assert 1 == counted.totals(book, "mail", reviewed.read(book, "mail"))["open"]
    assert 1 == len(reviewed.read(book, "mail").readings)
    assert {"c": {"ann": 0}} == disputes.readers(book, "mail", ["c", "unknown"])


def test_what_the_model_did_not_claim_is_not_disputed(book: ledger.Ledger) -> None:
    read(book, "none", "s", prediction=None, confidence=None, raw_score=None, doubt="no prediction")
    read(book, "assisted", "s", blind=False)
    assert disputes.waiting(book, "mail", 10).is_empty()
    assert 0 == facts.judge(book).drawn["disputed"].sum()


def test_a_dispute_past_its_deadline_is_late(book: ledger.Ledger) -> None:
    read(book, "c", "s?")
    for hours, late in ((10_000, False), (0, True)):
        assert [late] == facts.judge(book, now=NOW, hours=hours).drawn["late"].to_list()
