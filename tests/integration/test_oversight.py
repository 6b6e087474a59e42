"""The log of decisions: each with the policy, the people and the seal behind it, the same on both databases."""

import json
from typing import Any

from review.ledger import ledger
from review.queries import oversight
from tests.integration import ledger_facts as facts
from tests.integration.test_finished import recall
from tests.integration.test_states import decide, say, send


def log(book: ledger.Ledger) -> dict[str, dict[str, Any]]:
    rows = oversight.log(book, "mail", until=book.head()[0])
    assert rows.schema == oversight.SCHEMA
    return {row["case_id"]: row for row in rows.to_dicts()}


def test_a_decision_stands_with_its_policy_and_the_seal_that_holds_it(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "out", "route": "AUTOMATE"}, {"case_id": "other's", "stream": "other"})
    seal = book.read("SELECT seq, digest FROM seal ORDER BY seq DESC LIMIT 1").row(0)
    rows = log(book)
    assert set(rows) == {"out"}
    row = rows["out"]
    assert (row["seal"], row["seal_digest"]) == seal
    assert (row["policy_version"], row["certified"], row["state"], row["answered_by"]) == (1, False, "released", "m-1")
    adopted = book.read("SELECT adopted_by, because, adopted_at FROM adoption").row(0)
    assert (row["adopted_by"], row["because"], row["adopted_at"]) == adopted
    assert row["readings"] is row["recalled_by"] is None


def test_who_read_a_case_and_who_took_it_back_stand_beside_it(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "a", "route": "AUTOMATE"})
    recall(book, "a")
    send(book, a=1)
    say(book, "a", 1, answer="spam", blind=False, reviewer="bo@example.org")
    row = log(book)["a"]
    (reading,) = json.loads(row["readings"])
    assert (reading["reader"], reading["answer"], bool(reading["blind"])) == ("bo@example.org", "spam", False)
    assert (row["recalled_by"], row["recalled_because"]) == ("ann", "an alarm")
    assert (row["state"], row["answer"], row["answered_by"]) == ("reviewed", "spam", "bo@example.org")


def test_the_threshold_is_that_of_the_class_where_each_has_its_own(book: ledger.Ledger) -> None:
    by_class: dict[str, facts.Value] = {"policy_id": "p-2", "threshold": None, "by_class": '{"ham": 0.9}'}
    book.append({"policy": facts.policies(by_class)}, now=facts.NOW)
    book.append({"adoption": facts.adoptions({"version": 2, "policy_id": "p-2", "replaced": "p-1"})}, now=facts.NOW)
    decide(book, {"case_id": "ham"}, {"case_id": "spam", "prediction": "spam"})
    rows = log(book)
    assert {case: row["threshold"] for case, row in rows.items()} == {"ham": 0.9, "spam": None}
    assert {row["policy_version"] for row in rows.values()} == {2}


def test_a_case_that_could_not_be_scored_says_why(book: ledger.Ledger) -> None:
    decide(book, {"case_id": "a", "prediction": None, "confidence": None, "raw_score": None, "doubt": "no prediction"})
    row = log(book)["a"]
    assert (row["unscored"], row["route"], row["state"]) == ("no prediction", "REVIEW", None)
