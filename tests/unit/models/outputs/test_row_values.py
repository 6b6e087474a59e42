"""Rows as models write them: objects or lists, with a cell for each column of the field."""

import json
from typing import Any

import polars as pl
import pytest

from models.config.field_table import FieldTable
from models.outputs import field_values

LINES = FieldTable.model_validate(
    {"name": "lines", "kind": "rows", "columns": {"item": "text", "count": "number", "price": "number"}}
)
INK = {"item": "Blue ink", "count": 2, "price": 2.5}


def read(value: Any) -> tuple[Any, str | None]:
    text = value if isinstance(value, str) else json.dumps(value)
    ((read_value, why),) = field_values.read(pl.Series("lines", [text]), LINES).rows()
    return json.loads(read_value), why


@pytest.mark.parametrize(
    "written",
    [
        [INK],
        [["Blue ink", 2, 2.5]],
        [{"price": "2.50", "count": "2", "item": " Blue\nink ", "unit": "ml"}],
        [INK, {"item": "", "count": None}],
        [["Blue ink", 2.0, "2,5"]],
    ],
)
def test_rows_are_read_with_the_columns_of_the_field(written: Any) -> None:
    assert read(written) == ([INK], None)


def test_a_cell_that_is_not_there_is_null_and_an_empty_list_is_a_value() -> None:
    assert read([{"item": "Pen"}]) == ([{"item": "Pen", "count": None, "price": None}], None)
    assert read([]) == ([], None)
    assert read("") == (None, None)


@pytest.mark.parametrize(
    "written",
    [
        [["Blue ink", 2]],
        [{"item": "Ink", "price": "1.234,50"}],
        [{"item": "Ink", "price": "1,250"}],  # 1250 or 1.25
        [{"item": ["Ink"]}],
        [{"item": "Ink", "count": True}],
        [{"item": "Ink", "count": 1e300}],
        {"item": "Ink"},
        ["Ink"],
        "Ink",
    ],
)
def test_what_is_no_list_of_such_rows_is_named(written: Any) -> None:
    value, why = read(written)
    assert value is None
    assert str(why).endswith("is no list of rows with item, count, price")


@pytest.mark.parametrize("digits", ["1" * 17, "1" + "0" * 400, "-" + "9" * 4000])
def test_a_number_with_too_many_digits_is_no_cell(digits: str) -> None:
    value, why = read(f'[{{"item": "Ink", "price": {digits}}}]')
    assert value is None
    assert str(why).endswith("is no list of rows with item, count, price")


def test_half_an_emoji_is_read_as_a_sign_that_stands_for_it() -> None:
    assert read('[{"item": "\\ud83d Ink"}]') == ([{"item": "\ufffd Ink", "count": None, "price": None}], None)


def test_a_text_of_bars_alone_is_not_there() -> None:
    assert read([{"item": " | ", "count": 1}, {"item": "||"}]) == ([{"item": None, "count": 1, "price": None}], None)


def test_a_value_of_another_day_fits_only_with_these_columns() -> None:
    assert field_values.fits([INK], LINES)
    assert not field_values.fits([{"item": "Ink"}], LINES)
    assert not field_values.fits("Ink", LINES)
