"""A path searched for in rows as Python knows them, one by one: for what whole columns cannot give."""

import functools
import json
import math
from collections.abc import Sequence
from typing import Any

import jmespath
import jmespath.exceptions
import polars as pl

from models import columns
from models.outputs import path_functions

NUMBERS = pl.List(pl.Float64())
TOKENS = pl.List(pl.Struct({"token": pl.String(), "logprob": pl.Float64()}))
TEXTS = pl.List(pl.String())


def searched(rows: Sequence[Any], text: str, kind: pl.DataType) -> pl.Series:
    """The column of a path, a value of the type `kind` for each row. `rows`: objects."""
    return column([_search(text, row) for row in rows], text, kind)


@functools.lru_cache(maxsize=256)
def _expression(text: str) -> Any:
    return jmespath.compile(text)


def _search(text: str, row: Any) -> Any:
    if isinstance(row, dict) and text in row:
        return row[text]
    try:
        return _expression(text).search(row, options=path_functions.OPTIONS)
    except (jmespath.exceptions.JMESPathError, RecursionError):  # a function that does not take such a value
        return None


def column(values: list[Any], name: str, kind: pl.DataType) -> pl.Series:
    if kind == NUMBERS:
        numbers = [[_number(one) for one in value] if isinstance(value, list) else None for value in values]
        return pl.Series(name, numbers, dtype=NUMBERS)
    if kind == TOKENS:
        return pl.Series(name, [_tokens(value) for value in values], dtype=TOKENS)
    if kind == TEXTS:
        texts = [[_text(one) for one in value] if isinstance(value, list) else None for value in values]
        return pl.Series(name, texts, dtype=TEXTS)
    return pl.Series(name, [_text(value) for value in values], dtype=pl.String)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def _tokens(value: Any) -> list[dict[str, Any]] | None:
    """Tokens with their log-probabilities, from a list of records or from one record of numbers."""
    if isinstance(value, dict):
        return [{"token": token, "logprob": _number(one)} for token, one in value.items()]
    if not isinstance(value, list):
        return None
    records = [one for one in value if isinstance(one, dict)]
    return [{"token": _text(one.get("token")), "logprob": _number(one.get("logprob"))} for one in records]


def _text(value: Any) -> str | None:
    """A value in the spelling of `models.columns`."""
    if value is None:
        return None
    if isinstance(value, str):  # half a surrogate pair, which JSON within a text may escape, is no text
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, float) and "e" not in repr(value):
        return "0" if value == 0 else repr(value).removesuffix(".0")
    try:
        return str(columns.spelled(pl.Series([json.dumps({"x": value}, ensure_ascii=False, allow_nan=False)]))[0])
    except (ValueError, pl.exceptions.PolarsError):  # a NaN within
        return json.dumps(value, ensure_ascii=False)
