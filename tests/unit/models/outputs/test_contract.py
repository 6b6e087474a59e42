"""The input contract, one kind of bad input at a time."""

import base64
import hashlib
import json
import struct
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from models.config import stream
from models.outputs import contract, reserved

HEAD = """
name = "mail"
title = "Mail"
labels = ["bug", "question", "praise"]
[input]
source = "inbox"
payload = ["text"]
slices = ["country"]
"""
TAIL = """
[model]
id = "m1"
[review]
kind = "text"
question = "What is it?"
project = "Mail"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 0.5
"""


def described(*lines: str) -> stream.Stream:
    return stream.parse(HEAD + "\n".join(lines) + TAIL, origin="mail.toml")


NUMBER = described('prediction = "label"', 'confidence = "score"')
ROW: dict[str, object] = {"id": "a", "label": "bug", "score": 0.9, "text": "A text", "country": "de"}


def validated(*rows: dict[str, object], by: stream.Stream = NUMBER) -> contract.Validated:
    return contract.validate(pl.DataFrame(list(rows), infer_schema_length=None), by, source="mail.csv")


def case(row: dict[str, object], by: stream.Stream = NUMBER) -> dict[str, object]:
    checked = validated(row, by=by)
    assert len(checked.faults) == 0
    return checked.cases.row(0, named=True)


def test_a_good_row_is_a_case() -> None:
    result = case(ROW)
    content, group = result.pop("content"), result.pop("group_id")
    assert (len(str(content)), len(str(group))) == (64, 16)
    assert result == {
        "case_id": "a",
        "payload": '{"text":"A text"}',
        "model_id": "m1",
        "prediction": "bug",
        "raw_score": 0.9,
        "doubt": None,
        "slices": '{"country":"de"}',
        "cost": None,
        "latency_ms": None,
        "produced_at": None,
        "source": "mail.csv",
        "line": 1,
        "ruled": None,
        "audited": False,
        "field_scores": None,
        "request": None,
    }


def test_the_line_is_the_one_the_reader_found() -> None:
    frame = pl.DataFrame([ROW, ROW | {"id": None}]).with_columns(pl.Series(reserved.LINE, [7, 12]))
    checked = contract.validate(frame, NUMBER, source="x")
    assert (checked.cases["line"].to_list(), checked.faults["line"].to_list()) == ([7], [12])


# Unreadable: a fault, kept whole


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"id": "  "}, "no id"),
        ({"id": "a\0b"}, "the id holds a NUL character"),
        ({"id": "x" * 1001}, "the id is longer than 1000 bytes"),
        ({"text": None}, "missing payload (text)"),
        ({"text": " \n"}, "missing payload (text)"),
    ],
)
def test_a_row_that_cannot_be_a_case_is_a_fault_kept_whole(change: dict[str, object], reason: str) -> None:
    row = ROW | change
    checked = validated(ROW | {"id": "good"}, row | {"note": "unnamed, but kept"})
    assert checked.cases["case_id"].to_list() == ["good"]
    (fault,) = checked.faults.rows(named=True)
    assert (fault["source"], fault["line"], fault["reason"]) == ("mail.csv", 2, reason)
    assert json.loads(fault["raw"]) == row | {"note": "unnamed, but kept"}


def test_a_line_kept_by_the_reader_is_the_fault_as_it_stood() -> None:
    frame = pl.DataFrame([ROW | {"id": None, reserved.RAW: '{ "id" : null }'}])
    assert contract.validate(frame, NUMBER, source="x").faults["raw"].to_list() == ['{ "id" : null }']


def test_of_several_payload_columns_one_is_enough() -> None:
    record = described('prediction = "label"').model_copy(
        update={"input": NUMBER.input.model_copy(update={"payload": ["text", "sender"]})}
    )
    rows = [ROW | {"id": "a", "sender": None}, ROW | {"id": "b", "sender": "eve", "text": None}]
    rows.append(ROW | {"id": "c", "sender": None, "text": ""})
    checked = validated(*rows, by=record)
    assert checked.cases["payload"].to_list() == ['{"sender":null,"text":"A text"}', '{"sender":"eve","text":null}']
    assert checked.faults["reason"].to_list() == ["missing payload (text, sender)"]


def test_an_id_that_comes_again_with_other_content_is_a_fault_and_the_first_stays() -> None:
    checked = validated(ROW, ROW | {"id": "b"}, ROW | {"text": "Other"}, ROW, ROW | {"score": 0.8})
    assert checked.cases.select("case_id", "line").rows() == [("a", 1), ("b", 2)]
    assert checked.faults.select("line", "reason").rows() == [
        (3, "id 'a' stands in line 1 with different content"),
        (5, "id 'a' stands in line 1 with different content"),
    ]


def test_a_repeat_of_a_row_that_was_no_case_is_a_case() -> None:
    checked = validated(ROW | {"text": None}, ROW)
    assert (checked.cases["line"].to_list(), checked.faults["line"].to_list()) == ([2], [1])


def test_a_decision_that_clashes_with_the_ledger_is_a_fault() -> None:
    cases = validated(ROW).cases.with_columns(extra=pl.lit(1))
    (fault,) = contract.clashes(cases).rows(named=True)
    assert (fault["source"], fault["line"]) == ("mail.csv", 1)
    assert fault["reason"] == "id 'a' was decided before with different content"
    raw = json.loads(fault["raw"])
    assert (raw["case_id"], raw["prediction"], raw["raw_score"]) == ("a", "bug", 0.9)
    assert contract.clashes(cases.clear()).schema == contract.FAULT_SCHEMA


# What the rest of a row becomes


def test_an_amount_is_a_number_of_at_least_zero_or_not_given() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'cost = "cost"', 'latency_ms = "ms"')
    rows = [("0.25", 12), ("-1", float("inf")), ("free", None)]
    checked = validated(*[ROW | {"id": str(n), "cost": c, "ms": m} for n, (c, m) in enumerate(rows)], by=by)
    assert checked.cases.select("cost", "latency_ms").rows() == [(0.25, 12.0), (None, None), (None, None)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31T23:59:59Z", "2026-01-31T23:59:59.000000Z"),
        ("2026-01-31T23:59:59.123456789+02:00", "2026-01-31T21:59:59.123456Z"),
        ("2026-01-31 23:59", "2026-01-31T23:59:00.000000Z"),
        ("2026-01-31T10:00:00,5-0330", "2026-01-31T13:30:00.500000Z"),
        (" 2026-01-31 ", "2026-01-31T00:00:00.000000Z"),
        ("2026-02-30", None),
        ("2026-01-31T24:01:00Z", None),
        ("yesterday", None),
        (None, None),
        (1769903999, None),
        (date(2026, 1, 31), "2026-01-31T00:00:00.000000Z"),
        (datetime(2026, 1, 31, 12), "2026-01-31T12:00:00.000000Z"),  # noqa: DTZ001 - files hold times without zones
    ],
)
def test_a_time_in_any_form_becomes_the_ledgers(value: object, expected: str | None) -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'produced_at = "at"')
    assert case(ROW | {"at": value}, by=by)["produced_at"] == expected


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_time_of_another_zone_or_of_no_calendar_is_no_trouble(unit: str) -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'produced_at = "at"')
    far = pl.Series("at", [0, 2**63 - 1, -(2**63) + 1]).cast(pl.Datetime(unit, "America/Caracas"))  # type: ignore[arg-type]
    frame = pl.DataFrame([ROW | {"id": str(n)} for n in range(3)]).with_columns(far, text=far, country=far)
    times = contract.validate(frame, by, source="x").cases["produced_at"]
    assert times[0] == "1970-01-01T00:00:00.000000Z"
    assert times.drop_nulls().str.len_bytes().unique().to_list() == [27]


def test_ids_and_labels_that_are_numbers_are_texts_without_a_stray_fraction() -> None:
    by = stream.parse(
        (HEAD + 'prediction = "label"\nconfidence = "score"' + TAIL).replace('"bug", "question", "praise"', '"0", "1"'),
        origin="x",
    )
    assert [case(ROW | {"id": number, "label": 1.0}, by=by)["case_id"] for number in (7, 7.0, "7", 7.5)] == [
        "7",
        "7",
        "7",
        "7.5",
    ]
    assert case(ROW | {"label": 1.0}, by=by)["prediction"] == "1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('quo"te\\ \n\0 é', '{"text":"quo\\"te\\\\ \\n\\u0000 é"}'),
        (3, '{"text":"3"}'),
        (True, '{"text":"true"}'),
        (b"text", '{"text":"text"}'),
        (b"\xff", '{"text":"/w=="}'),
        (timedelta(seconds=1), '{"text":"1000000 us"}'),
        ([1.5, None], '{"text":"[1.5, null]"}'),
        ({"a": [date(2026, 1, 31)]}, '{"text":"{\\"a\\": [\\"2026-01-31\\"]}"}'),
    ],
)
def test_a_payload_of_any_type_is_json_of_text(value: object, expected: str) -> None:
    result = case(ROW | {"text": value})
    assert result["payload"] == expected
    json.loads(str(result["payload"]))


def test_content_is_the_hash_of_the_named_columns_each_with_its_length() -> None:
    bits = base64.b64encode(struct.pack("<d", 0.9)).decode()
    result = case(ROW | {"country": None, "unnamed": "does not count"})
    assert result["content"] == hashlib.sha256(f"1:a3:bug6:A text~{bits}".encode()).hexdigest()


def test_what_is_no_number_counts_by_its_text_and_the_rows_beside_it_do_not() -> None:
    scores = ["nan", "inf", "-inf", None, "high", "low", "0.9"]
    together = validated(*(ROW | {"id": "same", "score": score} for score in scores))
    assert len(together.faults) == len(scores) - 1  # each says something else
    alone = case(ROW | {"score": "0.9"})["content"]
    beside = validated(ROW | {"score": "0.9"}, ROW | {"id": "b", "score": "high"}).cases["content"][0]
    assert alone == beside


def test_the_same_row_has_the_same_content_in_every_format_and_another_row_another() -> None:
    csv: dict[str, object] = ROW | {"score": " 0.90 "}
    assert case(ROW)["content"] == case(csv)["content"] == case(ROW | {"score": "0.9"})["content"]
    others = [
        ROW | {"score": 0.91},
        ROW | {"text": "a"},
        ROW | {"text": "de", "country": "A text"},
        ROW | {"label": None},
    ]
    assert len({case(row)["content"] for row in [ROW, *others]}) == 5


def test_a_time_that_has_not_come_leaves_its_case_unscored_and_counted_on_no_day_of_the_future() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'produced_at = "at"')
    times = ["2026-02-02T00:00:00Z", "2026-02-02T00:00:01Z", "2099-01-01", None, "1770000000"]
    rows = [ROW | {"id": f"c-{n}", "at": at} for n, at in enumerate(times)]
    rows.append(ROW | {"id": "c-5", "at": "2099-01-01", "score": "high"})
    frame = pl.DataFrame(rows, schema_overrides={"score": pl.String}, strict=False)
    cases = contract.validate(frame, by, source="x", latest="2026-02-02T00:00:00.000000Z").cases
    ahead = "'at' is {}, which has not come yet"
    assert [
        None,
        ahead.format("2026-02-02T00:00:01.000000Z"),
        ahead.format("2099-01-01T00:00:00.000000Z"),
        None,
        None,
    ] == cases["doubt"].to_list()[:5]
    assert "which has not come" not in cases["doubt"][5]  # the first reason is the one that is reported
    assert [0.9, None, None, 0.9, 0.9, None] == cases["raw_score"].to_list()
    assert ["2026-02-02T00:00:00.000000Z", *[None] * 5] == cases["produced_at"].to_list()
    assert cases["content"].to_list() == contract.validate(frame, by, source="x").cases["content"].to_list()
