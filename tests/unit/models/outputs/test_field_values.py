"""A field's column: its values as JSON, and why one cannot be read."""

import datetime
import json
from typing import Any

import polars as pl
import pytest

from models.config.field_table import FieldTable
from models.outputs import field_values


def read(values: list[Any], **keys: Any) -> list[tuple[Any, str | None]]:
    rows = field_values.read(pl.Series("x", values), FieldTable.model_validate({"name": "x"} | keys))
    return [(json.loads(value), why) for value, why in rows.iter_rows()]


def test_texts_lose_what_stands_around_them_and_nothing_else() -> None:
    assert read([" ACME\r\nLtd ", 'a "b"\u0001', "", None]) == [
        ("ACME\nLtd", None),
        ('a "b"\u0001', None),
        (None, None),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("values", "keys", "expected"),
    [
        (["12.50", " 7 ", "7.0", "1e3"], {"kind": "number"}, [12.5, 7, 7, 1000]),
        ([12.5, 7.0], {"kind": "number"}, [12.5, 7]),
        (["2026-01-31", "2026-01-31T10:00:00Z"], {"kind": "date"}, ["2026-01-31"] * 2),
        ([datetime.date(2026, 1, 31)], {"kind": "date"}, ["2026-01-31"]),
        (["31.01.2026"], {"kind": "date", "format": "%d.%m.%Y"}, ["2026-01-31"]),
        (["yes", "No", "1", "false"], {"kind": "yesno"}, [True, False, True, False]),
        ([True, False], {"kind": "yesno"}, [True, False]),
        (["1", "5"], {"kind": "rating"}, [1, 5]),
        (["a"], {"kind": "choice", "labels": ["a", "b"]}, ["a"]),
        (["A."], {"kind": "choice", "labels": ["a", "b"], "same": "folded"}, ["a"]),
        (["a_1", " A_2", "Tie"], {"kind": "pair", "of": ["a_1", "a_2"]}, ["a_1", "a_2", "tie"]),
        (['["b", "a", "b"]', "[]"], {"kind": "set", "labels": ["a", "b"]}, [["a", "b"], []]),
        ([["b", "a"], []], {"kind": "set", "labels": ["a", "b"]}, [["a", "b"], []]),
    ],
)
def test_a_value_has_one_spelling_whatever_file_brought_it(
    values: list[Any], keys: dict[str, Any], expected: list[Any]
) -> None:
    assert read(values, **keys) == [(value, None) for value in expected]


@pytest.mark.parametrize(
    ("value", "keys", "why"),
    [
        (
            "1,250.00",
            {"kind": "number"},
            "'1,250.00' is not a number, as 1250.5, of at most 15 digits",
        ),
        ("inf", {"kind": "number"}, "'inf' is not a number, as 1250.5, of at most 15 digits"),
        (
            "9007199254740993",
            {"kind": "number"},
            "'9007199254740993' is not a number, as 1250.5, of at most 15 digits",
        ),
        ('["ACME", "Bolt"]', {}, """'["ACME", "Bolt"]' is a list or an object, and no text"""),
        ("31.01.26", {"kind": "date", "format": "%d.%m.%Y"}, "'31.01.26' is not a date %d.%m.%Y"),
        ("0000-01-01", {"kind": "date"}, "'0000-01-01' is not a date 2026-01-31"),
        ("31.01.2026", {"kind": "date"}, "'31.01.2026' is not a date 2026-01-31"),
        ("2026-02-30", {"kind": "date"}, "'2026-02-30' is not a date 2026-01-31"),
        ("perhaps", {"kind": "yesno"}, "'perhaps' is neither yes nor no"),
        ("6", {"kind": "rating"}, "'6' is no whole number from 1 to 5"),
        ("1.5", {"kind": "rating"}, "'1.5' is no whole number from 1 to 5"),
        ("A", {"kind": "choice", "labels": ["a", "b"]}, "'A' is none of a, b"),
        ("a", {"kind": "pair", "of": ["a_1", "a_2"]}, "'a' is none of a_1, a_2, tie"),
        ("a, b", {"kind": "set", "labels": ["a", "b"]}, "'a, b' is no list of a, b"),
        ('["c"]', {"kind": "set", "labels": ["a", "b"]}, """'["c"]' is no list of a, b"""),
    ],
)
def test_what_cannot_be_read_says_why_and_is_no_value(value: str, keys: dict[str, Any], why: str) -> None:
    assert read([value], **keys) == [(None, why)]


def test_what_looks_like_a_missing_value_is_one() -> None:
    assert read([float("nan"), 2.5]) == [(None, None), ("2.5", None)]
    assert read(["a\0b", "\x1c"]) == [("ab", None), (None, None)]


def test_a_list_is_no_text_in_whatever_type_it_comes() -> None:
    assert [value for value, _ in read([["ACME"], ["Bolt", "Co"]])] == [None, None]
    assert read(["[see below", "[1] Smith"]) == [("[see below", None), ("[1] Smith", None)]


@pytest.mark.parametrize("label", ["\ud800", "x"])
def test_a_label_that_is_none_stops_nothing(label: str) -> None:
    assert read([json.dumps([label])], kind="set", labels=["a", "b"])[0][0] is None
    spans = json.dumps([{"start": 0, "end": 1, "label": label}, {"start": 0, "end": 10**400, "label": "a"}])
    assert read([spans], kind="spans", labels=["a", "b"])[0][0] is None


def test_a_column_of_nothing_and_one_without_rows_are_read() -> None:
    assert read([None], kind="number") == [(None, None)]
    assert read([], kind="date") == []
