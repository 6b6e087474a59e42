"""Rows of records with right values: what is right, how sure the model was, and what is no label."""

from typing import Any

import polars as pl
import pytest

from models.config import stream
from models.config.stream import Stream
from models.planning import record_labels

STREAM = """
name = "receipts"
title = "Receipts"
[input]
source = "inbox"
payload = ["page"]
{fields}
[model]
id = "m-1"
[review]
kind = "text"
question = "What does it say?"
project = "Receipts"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 0.5
"""
FIELDS = """
[[field]]
name = "vendor"
score = "vendor_p"
same = "folded"
[[field]]
name = "total"
value = "amount"
score = "amount_p"
scale = "percent"
kind = "number"
within = 0.01
[[field]]
name = "order"
score = "order_p"
required = false
"""
TRUTHS = {"vendor": "truth_vendor", "total": "truth_total", "order": "truth_order"}
ROW = {
    "vendor": "ACME",
    "vendor_p": "0.9",
    "amount": "12.5",
    "amount_p": "80",
    "order": "A-1",
    "order_p": "0.95",
    "truth_vendor": "ACME",
    "truth_total": "12.5",
    "truth_order": "A-1",
}


def described(fields: str = FIELDS) -> Stream:
    return stream.parse(STREAM.format(fields=fields), origin="receipts.toml")


def read(changes: dict[str, Any], truths: dict[str, str] = TRUTHS) -> dict[str, Any]:
    frame = pl.DataFrame([ROW | changes], schema=dict.fromkeys(ROW, pl.String))
    return record_labels.read(frame, described(), truths).row(0, named=True)


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({}, [True, True, True]),
        ({"truth_vendor": "acme."}, [True, True, True]),  # by the field's rule
        ({"truth_total": "12.51"}, [True, True, True]),
        ({"truth_total": "12.52"}, [True, False, True]),
        ({"truth_order": None}, [True, True, False]),  # there is none, and the model gave one
        ({"order": None, "order_p": None, "truth_order": ""}, [True, True, True]),
        ({"order": None, "order_p": None}, [True, True, False]),
    ],
)
def test_a_record_is_right_where_every_field_is_by_its_rule(changes: dict[str, Any], right: list[bool]) -> None:
    row = read(changes)
    assert [row[f"right {place}"] for place in range(3)] == right
    assert row["right"] is all(right)


def test_a_field_without_right_values_says_nothing_of_the_record() -> None:
    row = read({"truth_total": "99"}, {"vendor": "truth_vendor"})
    assert (row["right"], row["right 0"], row["right 1"], row["right 2"]) == (True, True, None, None)


def test_a_row_without_any_right_value_has_no_truth() -> None:
    row = read({"truth_vendor": None, "truth_total": " ", "truth_order": None})
    assert [row[name] for name in ("truth", "unread", "right", "right 0", "right 1")] == [None] * 5


def test_a_right_value_that_cannot_be_read_leaves_the_row_without_a_truth_and_says_why() -> None:
    row = read({"truth_total": "twelve"})
    assert (row["truth"], row["right"]) == (None, None)
    assert row["unread"] == "truth_total: 'twelve' is not a number, as 1250.5, of at most 15 digits"


def test_the_confidence_is_the_least_score_and_what_a_field_lacks_leaves_the_record_to_a_person() -> None:
    row = read({})
    assert [row[name] for name in ("confidence", "score 0", "score 1", "score 2")] == [0.8, 0.9, 0.8, 0.95]
    without = read({"vendor": None})
    assert (without["confidence"], without["unscored"]) == (None, "field 'vendor': no value")
    assert [without[f"why {place}"] for place in range(3)] == ["field 'vendor': no value", None, None]


def test_an_empty_field_that_need_not_be_there_has_no_say() -> None:
    row = read({"order": None, "order_p": None})
    assert (row["confidence"], row["score 2"], row["why 2"]) == (0.8, 1.0, None)


def test_an_empty_list_and_none_at_all_are_one_right_value_of_a_set() -> None:
    flags = (
        '[[field]]\nname = "flags"\nkind = "set"\nlabels = ["a", "b"]\nscore = "p"\n[[field]]\nname = "x"\nscore = "p"'
    )
    frame = pl.DataFrame({"flags": ["[]", "[]", '["a"]'], "x": ["1"] * 3, "p": ["0.9"] * 3}).with_columns(
        t_flags=pl.Series(["[]", None, None], dtype=pl.String), t_x=pl.lit("1")
    )
    rows = record_labels.read(frame, described(flags), {"flags": "t_flags", "x": "t_x"})
    assert rows["right"].to_list() == [True, True, False]


def test_the_columns_of_right_values_follow_a_pattern_with_the_name_of_the_field() -> None:
    assert record_labels.truths(described(), "truth_{field}") == TRUTHS
    assert record_labels.truths(described(), "people.{field}.value")["total"] == "people.total.value"
    one = described('[[field]]\nname = "total"\nscore = "p"')
    assert record_labels.truths(one, "label") == {"total": "label"}


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("truth", "'truth' must hold {field}, for the name of each field, as in 'truth_{field}'"),
        ("{field}_p", "for field 'vendor', the column 'vendor_p' that the model's records are read from"),
    ],
)
def test_a_pattern_that_names_no_right_values_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        record_labels.truths(described(), pattern)
    assert why in str(caught.value)
