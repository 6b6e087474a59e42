"""Which fields of a record a reader is asked to check: by the threshold that its case was decided by, and in no blind case."""

import polars as pl

from flows.queueing import push
from models.answers import record_text
from review.ledger import ledger
from review.queries import pending_cases
from tests.integration import ledger_facts as facts
from tests.unit.review.label_studio.test_record_form import stream

FIELDS = [{"name": "Vendor"}, {"name": "Total", "kind": "number"}]
RECORD = record_text.text({"Vendor": "ACME", "Total": 12.5})


def arrive(book: ledger.Ledger) -> pl.DataFrame:
    """Cases decided by the policy in force, by one that released nothing, in another epoch, and blind."""
    book.append({"epoch": facts.epochs({"epoch_id": "e-0"})}, now=facts.NOW)
    policies: list[dict[str, facts.Value]] = [
        {"policy_id": "p-0", "epoch_id": "e-0"},
        {"policy_id": "p-2", "threshold": None},
    ]
    book.append({"policy": facts.policies(*policies)}, now=facts.NOW)
    common: dict[str, facts.Value] = {"prediction": RECORD, "field_scores": "[0.9,0.7]", "confidence": 0.7}
    cases: list[dict[str, facts.Value]] = [
        {"case_id": "below"},
        {"case_id": "sure", "field_scores": "[0.8,0.9]", "confidence": 0.8},
        {"case_id": "unscored", "field_scores": "[null,0.9]", "confidence": None, "doubt": "no confidence"},
        {"case_id": "blind", "blind": True},
        {"case_id": "cold", "policy_id": "p-2"},
        {"case_id": "earlier", "policy_id": "p-0", "epoch_id": "e-0"},
    ]
    book.append({"decision": facts.decisions(*(common | case for case in cases))}, now=facts.NOW)
    names = [str(case["case_id"]) for case in cases]
    return pl.DataFrame({"case_id": names, "prediction": RECORD, "blind": [name == "blind" for name in names]})


def test_a_field_below_the_threshold_that_its_case_was_decided_by_is_one_to_check(book: ledger.Ledger) -> None:
    cases = arrive(book)
    invoices = stream(FIELDS).model_copy(update={"name": "mail"})
    assert push.unsure(book, invoices, cases) == {
        "below": {"Total"},
        "sure": frozenset(),
        "unscored": {"Vendor"},
        "cold": frozenset(),
    }


def test_the_scores_are_asked_for_of_these_cases_of_this_epoch_alone(book: ledger.Ledger) -> None:
    arrive(book)
    rows = (
        pending_cases.field_scores(book, "mail", ["cold", "earlier", "below", "nobody"], "e-1").sort("case_id").rows()
    )
    assert rows == [("below", "[0.9,0.7]", 0.8), ("cold", "[0.9,0.7]", None)]
    assert pending_cases.field_scores(book, "mail", [], "e-1").is_empty()
