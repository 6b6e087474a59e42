"""Records: one case of several fields, as sure as its least sure field."""

import json
from typing import Any

import polars as pl
import pytest

from models.answers import record_text
from models.config.field_table import FieldTable
from models.errors import InputInvalid
from models.outputs import contract, records
from tests.unit.models.config.test_field_table import parsed


def read(rows: list[dict[str, Any]], *fields: dict[str, Any]) -> list[dict[str, Any]]:
    tables = [FieldTable.model_validate(field) for field in fields]
    names = [name for field in tables for name in (field.column, field.score) if name is not None]
    return records.read(pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String)), tables).to_dicts()


VENDOR = {"name": "vendor", "score": "v"}
TOTAL = {"name": "total", "score": "t", "scale": "percent", "kind": "number"}


def test_the_score_is_that_of_the_least_sure_field_on_one_scale() -> None:
    (row,) = read([{"vendor": "ACME", "v": "0.97", "total": "12.50", "t": "93"}], VENDOR, TOTAL)
    assert row == {
        "answer": '{"total":12.5,"vendor":"ACME"}',
        "score": 0.93,
        "unscored": None,
        "field_scores": "[0.97,0.93]",
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"v": None}, "field 'vendor': no confidence"),
        ({"v": "high"}, "field 'vendor': confidence 'high' is not a number"),
        ({"vendor": None}, "field 'vendor': no value"),
        ({"total": "12,50"}, "field 'total': '12,50' is not a number, as 1250.5, of at most 15 digits"),
        ({"t": "101"}, "field 'total': confidence 101 is not from 0 to 100"),
    ],
)
def test_what_a_field_lacks_leaves_the_record_to_a_person_with_the_rest_of_it(
    changes: dict[str, Any], why: str
) -> None:
    (row,) = read([{"vendor": "ACME", "v": "0.97", "total": "12.50", "t": "93"} | changes], VENDOR, TOTAL)
    assert (row["score"], row["unscored"]) == (None, why)
    assert any(json.loads(row["answer"]).values())


def test_a_field_that_is_not_required_may_be_empty_and_then_needs_no_score() -> None:
    optional = VENDOR | {"required": False}
    full = {"total": "1", "t": "50"}
    rows = read(
        [
            full | {"vendor": None, "v": None},
            full | {"vendor": None, "v": "0.2"},  # sure that there is none, but not very
            full | {"vendor": "ACME", "v": None},
            full | {"vendor": None, "v": "NaN"},  # a score that is there must be one
        ],
        optional,
        TOTAL,
    )
    assert [row["score"] for row in rows] == [0.5, 0.2, None, None]
    assert rows[2]["unscored"] == "field 'vendor': no confidence"


def test_a_field_without_a_score_is_for_people() -> None:
    (row,) = read([{"vendor": "ACME"}], {"name": "vendor"})
    assert row["unscored"] == "field 'vendor': the stream names no score for it"


def test_a_record_without_any_value_is_no_answer() -> None:
    (row,) = read([{"vendor": None, "v": None}], VENDOR | {"required": False})
    assert (row["answer"], row["unscored"]) == (None, records.NOTHING)


def test_a_batch_becomes_cases_with_records_and_the_scale_of_every_score_is_checked() -> None:
    stream = parsed(second='score = "vendor_conf"')
    frame = pl.DataFrame(
        {"id": ["a"], "page": ["p"], "total": ["9"], "total_conf": [0.5], "vendor": ["x"], "vendor_conf": [0.25]}
    )
    (case,) = contract.validate(frame, stream, source="a.csv").cases.to_dicts()
    assert (case["prediction"], case["raw_score"]) == ('{"total":"9","vendor":"x"}', 0.25)
    assert case["field_scores"] == "[0.5,0.25]"
    other = frame.with_columns(vendor_conf=pl.lit(97.0))
    with pytest.raises(InputInvalid, match=r'vendor_conf 97 is not from 0 to 1.*field\[1\]\.scale = "percent"'):
        contract.validate(other, stream, source="a.csv")
    again = contract.validate(frame.with_columns(vendor=pl.lit("y")), stream, source="a.csv").cases
    assert again["content"][0] != case["content"]  # another record is another content


def marked(scores: str | None, threshold: float | None, **values: Any) -> list[str]:
    fields = [VENDOR, TOTAL, {"name": "order", "score": "o", "required": False}]
    record = record_text.text({"vendor": "ACME", "total": 12.5, "order": "A-1"} | values)
    return sorted(records.unsure(scores, threshold, record, [FieldTable.model_validate(field) for field in fields]))


@pytest.mark.parametrize(
    ("scores", "threshold", "values", "expected"),
    [
        ("[0.97,0.93,0.99]", 0.95, {}, ["total"]),
        ("[0.5,0.93,0.2]", 0.95, {}, ["order", "total", "vendor"]),
        ("[0.97,0.96,0.99]", 0.9, {}, []),
        ("[0.123457,0.9,0.9]", 0.1234567, {}, []),  # it reaches the threshold, as both are rounded
        ("[0.97,null,0.99]", 0.95, {}, ["total"]),
        ("[0.97,0.99,null]", 0.95, {}, ["order"]),
        ("[0.97,0.99,null]", 0.95, {"order": None}, []),  # nothing there, and nothing had to be
        ("[0.97,0.99,0.4]", 0.95, {"order": None}, ["order"]),
        ("[0.97,0.99,0.99]", 0.95, {"total": None}, ["total"]),  # what had to be there is not
        ("[0.1,null,0.1]", None, {}, []),  # nothing is released
        ("[0.1,0.1]", 0.95, {}, []),  # of other fields
        (None, 0.95, {}, []),
    ],
)
def test_a_field_is_marked_that_would_keep_the_record_from_being_released(
    scores: str | None, threshold: float | None, values: dict[str, Any], expected: list[str]
) -> None:
    assert marked(scores, threshold, **values) == expected
