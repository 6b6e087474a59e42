"""Labels to train on: people's answers with the chance each had, and none of those that are kept for measuring."""

import polars as pl
import pytest

from review.ledger import ledger
from review.queries import training_labels
from tests.integration import ledger_facts as facts
from tests.integration.test_finished import recall
from tests.integration.test_states import decide, say, send

CASES = [f"c-{n}" for n in range(60)]


def cases(**more: facts.Value) -> list[dict[str, facts.Value]]:
    own: list[dict[str, facts.Value]] = [{"case_id": case, "propensity": 0.25} for case in CASES]
    return [row | more for row in own]


def labelled(book: ledger.Ledger, **more: facts.Value) -> training_labels.Labels:
    """Sixty cases, each read blind by one person: every third is corrected."""
    decide(book, *cases(blind=True, **more))
    send(book, **{case: n for n, case in enumerate(CASES, 1)})
    for n, case in enumerate(CASES, 1):
        say(book, case, n, answer="spam" if n % 3 == 0 else "ham", blind=True)
    return training_labels.at(book, "mail", until=book.head()[0])


def test_about_half_of_the_groups_are_kept_for_measuring_and_none_of_them_is_given_to_train_on(
    book: ledger.Ledger,
) -> None:
    labels = labelled(book)
    settled = 40  # an answer against the model waits for another reader
    assert len(labels.rows) + labels.kept_back == settled
    assert 10 < labels.kept_back < 30
    assert set(labels.rows.select("answer", "corrected", "blind", "propensity", "weight").rows()) == {
        ("ham", False, True, 0.25, 4.0)
    }


def test_what_is_on_which_side_depends_on_the_ledger_and_the_group_alone(book: ledger.Ledger) -> None:
    before = labelled(book).rows["case_id"].to_list()
    decide(book, {"case_id": "later", "blind": True})
    recall(book, before[0])
    again = training_labels.at(book, "mail", until=book.head()[0]).rows["case_id"].to_list()
    assert before == again


@pytest.mark.parametrize("group", ["00000000000000aa", "00000000000000ab", "00000000000000ac", "00000000000000ad"])
def test_a_group_is_on_one_side_as_a_whole(book: ledger.Ledger, group: str) -> None:
    labels = labelled(book, group_id=group)
    assert 0 in (len(labels.rows), labels.kept_back)
    assert set(labels.rows["group"]) <= {group}


def test_a_correction_of_a_prefilled_answer_stands_for_nothing_but_itself(book: ledger.Ledger) -> None:
    decide(book, *cases(blind=False))
    send(book, **{case: n for n, case in enumerate(CASES, 1)})
    for n, case in enumerate(CASES, 1):
        say(book, case, n, answer="spam", blind=False)
    rows = training_labels.at(book, "mail", until=book.head()[0]).rows
    assert set(rows.select("answer", "corrected", "blind", "weight").rows()) == {("spam", True, False, None)}


def test_without_an_answer_there_is_no_label(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "a"})
    labels = training_labels.at(book, "mail", until=book.head()[0])
    assert (labels.rows.schema, len(labels.rows), labels.kept_back) == (training_labels.SCHEMA, 0, 0)
    assert labels.rows.schema["weight"] == pl.Float64
