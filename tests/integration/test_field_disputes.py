"""Two readers who corrected a record differently: one more reads it, and `show case` says whose record goes out."""

import json

import pytest

from models.answers import record_text
from models.evaluation.outcome import Outcome
from review.ledger import ledger
from review.queries import adjudication, finished
from review.report import timeline
from tests.integration import ledger_facts as facts
from tests.integration.test_field_outcomes import RECORD, arrive, of_fields


def waiting(book: ledger.Ledger, *, second_opinion: bool = True) -> list[tuple[str, int]]:
    """The cases that are due for another reading, each with its round."""
    rows = adjudication.waiting(book, "mail", 10, second_opinion=second_opinion, overlap=0.0)
    return [(case, slot) for case, slot in rows.select("case_id", "slot").iter_rows()]


def goes_out(book: ledger.Ledger, case: str) -> dict[str, object]:
    rows = finished.at(book, "mail", until=book.head()[0])
    return record_text.values(rows.filter(case_id=case)["answer"].item())


def test_two_readers_who_correct_different_fields_are_followed_by_a_third(book: ledger.Ledger) -> None:
    arrive(
        book,
        {
            "c-1": [{"total": 13}, {"day": None}],
            "c-2": [{"total": 13}, {"total": 14}],
            "c-3": [{"total": 13}, {"total": 13}],  # they agree: nothing is left to ask
            "c-4": [{"total": 13}, {"day": None}, {"total": 13}],
            "c-5": [{"total": 13}, {"day": None}, {"order": "A-7"}],  # nobody else will come
            "c-6": [{}, {}],
        },
    )
    assert waiting(book) == [("c-1", 2), ("c-2", 2)]
    assert waiting(book, second_opinion=False) == []


def test_a_record_that_two_readers_correct_differently_is_wrong_already(book: ledger.Ledger) -> None:
    """Whoever comes third cannot make it right: the watchdog does not wait for them."""
    arrive(book, {"c-1": [{"total": 13}, {"day": None}]})
    sampled = facts.judge(book).sampled
    assert sampled.select("outcome", "settled", "disputed").rows() == [(Outcome.WRONG, True, False)]


@pytest.mark.parametrize(
    ("third", "total", "day"),
    [
        ({"total": 13}, Outcome.WRONG, Outcome.RIGHT),
        ({"day": None}, Outcome.RIGHT, Outcome.WRONG),
        ({"total": 13, "day": None}, Outcome.WRONG, Outcome.WRONG),
        ({}, Outcome.RIGHT, Outcome.RIGHT),
    ],
)
def test_the_third_reader_settles_each_field_and_whose_record_goes_out(
    book: ledger.Ledger, third: dict[str, object], total: Outcome, day: Outcome
) -> None:
    arrive(book, {"c-1": [{"total": 13}, {"day": None}]})
    before = of_fields(book)
    assert (before["total"]["c-1"], before["day"]["c-1"]) == (Outcome.WRONG, Outcome.WRONG), (
        "until then both count as wrong"
    )
    assert goes_out(book, "c-1") == RECORD | {"day": None}
    arrive(book, {"d-1": [{"total": 13}, {"day": None}, third]})
    after = of_fields(book)
    assert (after["total"]["d-1"], after["day"]["d-1"]) == (total, day)
    assert goes_out(book, "d-1") == RECORD | third


def test_labels_that_contradict_the_model_and_each_other_are_read_no_further(book: ledger.Ledger) -> None:
    decided = facts.decisions({"case_id": "c-1", "blind": True, "prediction": "ham"})
    sent: list[dict[str, facts.Value]] = [
        {"case_id": "c-1", "slot": slot, "task_id": slot + 1, "task_key": f"k-{slot}", "blind": True} for slot in (0, 1)
    ]
    read: list[dict[str, facts.Value]] = [
        place | {"annotation_id": slot + 1, "reviewer": f"{slot}@example.org", "answer": answer}
        for (slot, answer), place in zip(((0, "spam"), (1, "eggs")), sent, strict=True)
    ]
    for row in read:
        del row["task_key"]
    book.append(
        {"decision": decided, "dispatch": facts.dispatches(*sent), "review": facts.reviews(*read)}, now=facts.NOW
    )
    assert waiting(book) == []


def test_show_case_says_whose_record_goes_out(ledger_url: str) -> None:
    ledger.migrate(ledger_url)
    terms = {"field": [[f"name = {name}"] for name in RECORD]}
    with ledger.open(ledger_url) as book:
        epoch = facts.epochs({"terms": json.dumps(terms)})
        book.append({"epoch": epoch, "policy": facts.policies(), "adoption": facts.adoptions()}, now=facts.NOW)
        answers: dict[str, list[dict[str, object]]] = {
            "c-1": [{}],
            "c-2": [{"total": 13}, {"day": None}],
            "c-3": [{"total": 13}, {"day": None}, {"total": 13}],
            "c-4": [{"total": 13}],
        }
        arrive(book, answers)
        arrive(book, {"d-1": [{}], "d-2": []}, blind=False)
        last = {case: timeline.case(book, "mail", case).splitlines()[-1] for case in [*answers, "d-1", "d-2"]}
    assert last == {
        "c-1": "goes out    the model's record",
        "c-2": "goes out    the record of 1@example.org, who corrected day: not there; "
        "two readers corrected it differently, and a third is asked",
        "c-3": "goes out    the record of 2@example.org, who corrected total: 13",
        "c-4": "goes out    the model's record",  # released, and nobody else has confirmed what was corrected
        "d-1": "goes out    the record of 0@example.org, who left the record as it is",
        "d-2": "goes out    nothing yet: no answer to it is settled",
    }


def test_what_one_case_came_to_is_what_all_of_them_came_to(book: ledger.Ledger) -> None:
    arrive(book, {"c-1": [{}], "c-2": [{"total": 13}, {"day": None}], "c-3": [{"total": 13}], "c-4": []})
    whole = {row["case_id"]: row for row in finished.at(book, "mail", until=book.head()[0]).to_dicts()}
    for case in ("c-1", "c-2", "c-3", "c-4", "c-5"):
        assert finished.of_case(book, "mail", case) == whole.get(case)
