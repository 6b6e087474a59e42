"""Columns of row lists as models write them -> rows (`models.answers.row_lists`), as JSON texts."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from models.answers import value_same
from models.answers.row_lists import BAR
from models.config.field_table import FieldTable

_MOST = 2.0**53  # from which on whole numbers that differ are one float
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # a thousand to some, and a number with three decimals to others
_HALF = re.compile("[\ud800-\udfff]")  # of an emoji, which JSON can write and no text can hold


def rows(_: pl.Series, text: pl.Series, field: FieldTable) -> pl.Series:
    """Each list of objects with the field's columns, or of lists in their order, as JSON; null where it is none.

    Other keys of an object are passed over. A cell that is missing, null or empty is null.
    """
    known = {one: _rows(one, field.columns or {}) for one in text.drop_nulls().unique()}
    return text.replace_strict(known, default=None, return_dtype=pl.String)


def _rows(text: str, kinds: Mapping[str, str]) -> str | None:
    try:
        listed = json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError):
        return None
    if not isinstance(listed, list):
        return None
    read = []
    for one in listed:
        if isinstance(one, list) and len(one) == len(kinds):
            one = dict(zip(kinds, one, strict=True))
        if not isinstance(one, dict):
            return None
        cells = {name: cell(one.get(name), kind) for name, kind in kinds.items()}
        if any(value is ... for value in cells.values()):
            return None
        if any(value is not None for value in cells.values()):
            read.append(cells)
    return json.dumps(read, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _whole(digits: str) -> int | float:
    """A whole number; one that is too large for a cell as a float, which may be infinite."""
    return int(digits) if len(digits) < 17 else float(digits)


def cell(value: Any, kind: str) -> Any:
    """A cell as JSON has it: text, number or None; ... where it is none of its kind.

    >>> cell(" 12,50 ", "number"), cell("", "number"), cell("twelve", "number"), cell(7, "text")
    (12.5, None, Ellipsis, '7')

    Whether "1,250" is a thousand or a little more than one, nobody can say.

    >>> cell("1,250", "number"), cell("0,125", "number"), cell("1,250.00", "number")
    (Ellipsis, 0.125, Ellipsis)
    """
    if isinstance(value, str):
        value = value_same.plain_text(_HALF.sub("\ufffd", value.replace("\0", ""))) or None
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool | list | dict):
        return ...
    if kind == "text":
        joined = " ".join(str(value).split())
        return joined if joined.strip(f" {BAR}") else None  # of bars alone nothing is left where people write them
    if isinstance(value, str):
        if _EITHER.fullmatch(value):
            return ...
        value = value.replace(",", ".") if value.count(",") == 1 and "." not in value else value
        try:
            value = float(value)
        except ValueError:
            return ...
    number = float(value)
    if not abs(number) < _MOST:
        return ...
    return int(number) if number.is_integer() else number
