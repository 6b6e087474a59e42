"""What `show case` tells of a case."""

import json

from review.ledger import ledger
from review.report import timeline
from tests.integration import ledger_facts as facts


def reported(book: ledger.Ledger, **more: facts.Value) -> list[str]:
    decided: dict[str, facts.Value] = {"case_id": "c", "blind": True}
    book.append({"decision": facts.decisions(decided | more)}, now=facts.NOW)
    payload = json.dumps({"subject": "Hello", "trace": "one\n  two\x1b[31m", "lines": [{"a": 1}], "note": None})
    order = ("trace", "subject", "gone")
    return timeline.case(book, "mail", "c", where="in the ledger", payload=payload, order=order).splitlines()


def test_a_case_is_reported_field_by_field_as_the_form_shows_it_and_without_what_a_terminal_obeys(
    book: ledger.Ledger,
) -> None:
    lines = reported(book, prediction="spam", raw_score=0.75, confidence=0.75, model_id="m-1")
    start = lines.index("payload     in the ledger")
    assert lines[start + 1 : start + 11] == [
        "  trace:",
        "    one",
        "      two\\x1b[31m",
        "  subject:",
        "    Hello",
        "  lines:",
        '    [{"a": 1}]',
        "  note:",
        "model       m-1 said 'spam', score 0.75",
        "confidence  0.75",
    ]


def test_what_the_model_said_is_reported_where_it_could_not_be_scored(book: ledger.Ledger) -> None:
    unscored: dict[str, facts.Value] = {"raw_score": None, "confidence": None, "route": "REVIEW"}
    lines = reported(book, model_id="m-1", prediction=None, doubt="unknown label 'Spam!'", **unscored)
    assert "model       m-1 said none of the stream's labels: unknown label 'Spam!'" in lines


def test_a_label_without_a_score_is_reported(book: ledger.Ledger) -> None:
    unscored: dict[str, facts.Value] = {"raw_score": None, "confidence": None, "route": "REVIEW"}
    assert "model       m-1 said 'spam', no score" in reported(
        book, model_id="m-1", prediction="spam", doubt="confidence is NaN", **unscored
    )
