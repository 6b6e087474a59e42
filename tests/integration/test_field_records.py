"""Files as people have them whose answers are records or sets: each field with its value and its score.

The inputs in tests/field were made for this project after troubles people report; nothing in them is anybody's data.
"""

from models.answers import record_text
from tests.integration import test_field_scores
from tests.integration.test_field_scores import FIELD, Desk

desk = test_field_scores.desk  # a ledger, and a stream that can be described anew

INVOICE = """
[[field]]
name = "vendor"
score = "vendor_conf"
scale = "percent"
[[field]]
name = "date"
kind = "date"
score = "date_conf"
scale = "percent"
[[field]]
name = "total"
kind = "number"
score = "total_conf"
scale = "percent"
"""
FLAGS = """
[[field]]
name = "flags"
kind = "set"
labels = ["harassment", "hate", "violence", "none"]
score = "score"
"""


def test_an_invoice_is_a_case_with_the_value_and_the_confidence_of_each_field(desk: Desk) -> None:
    scored = desk.scored(FIELD / "invoice" / "a.jsonl", None, f'id = "doc"\npayload = ["page"]\n{INVOICE}')
    assert scored == {"decided": 50, "unscored": 0, "faults": 0}
    first = desk.decisions().row(0, named=True)
    assert record_text.values(first["prediction"]) == {"vendor": "Sud", "date": "2026-01-10", "total": 151.55}
    assert first["raw_score"] == 0.534  # of the total, the least sure of 99.5, 63.42 and 53.4


def test_several_labels_of_one_text_are_a_set_in_whatever_order_they_come(desk: Desk) -> None:
    scored = desk.scored(FIELD / "multilabel" / "a.jsonl.gz", None, f'payload = ["id"]\n{FLAGS}')
    assert scored == {"decided": 2000, "unscored": 0, "faults": 0}
    first = desk.decisions().row(0, named=True)
    assert record_text.values(first["prediction"]) == {"flags": ["harassment", "hate", "violence"]}
