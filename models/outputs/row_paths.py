"""Paths into nested JSON, row by row: a column of [input] may be named by a JMESPath expression, as in `output.team`.

For what whole columns cannot give; what they can is read by `paths`, in the same spelling.
"""

import functools
import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import jmespath
import jmespath.exceptions
import polars as pl

from models import columns
from models.outputs import path_functions

NUMBERS = pl.List(pl.Float64())
TOKENS = pl.List(pl.Struct({"token": pl.String(), "logprob": pl.Float64()}))
TEXTS = pl.List(pl.String())
_SYNTAX = re.compile(r"[.\[(|&@*`!<>=\"]")


@functools.lru_cache(maxsize=1024)
def compiled(name: str) -> Any:
    """The expression that a column's name is; None where it is a plain name, or no expression."""
    if not _SYNTAX.search(name):
        return None
    try:
        return jmespath.compile(name)
    except jmespath.exceptions.JMESPathError:
        return None


def texts(lines: Iterable[str], names: list[str]) -> pl.DataFrame:
    """For each line of JSON, an object, the value at each path as text: null where nothing stands there.

    A key of the object that is called like the path goes before it.

    >>> texts(['{"output": {"team": "a"}, "n": [1, 2]}', "{}"], ["output.team", "n[1]"]).rows()
    [('a', '2'), (None, None)]
    """
    by_name: dict[str, list[str | None]] = {name: [] for name in names}
    for line in lines:
        row = path_functions.parsed(line)
        for name in names:
            by_name[name].append(_text(_value(row, name)))
    return pl.DataFrame(by_name, schema=dict.fromkeys(names, pl.String()))


def there(row: Any, name: str) -> bool:
    """Whether anything stands at a path of a row: not null, false, nor an empty text, list or object."""
    return _value(row, name) not in (None, False, "", [], {})


def is_text(row: Any, name: str) -> bool:
    """Whether a text that is not empty stands at a path of a row."""
    value = _value(row, name)
    return isinstance(value, str) and bool(value.strip())


def searched(rows: Sequence[Any], path: str, kind: pl.DataType) -> pl.Series:
    """The column of a path: for each row, an object, the value there by the type `kind`, one of those above or String."""
    return column([_value(row, path) for row in rows], path, kind)


def stepped(rows: Sequence[Any], steps: Sequence[str | int | None], name: str, kind: pl.DataType) -> pl.Series:
    """As `searched`, by plain steps, None being the one into every entry of a list: there a null stays, and is counted."""
    return column([_stepped(row, steps) for row in rows], name, kind)


def column(values: Sequence[Any], name: str, kind: pl.DataType) -> pl.Series:
    """Values, as Python knows them, as a column of this type: null where a value is none of it."""
    if kind == NUMBERS:
        numbers = [[_number(one) for one in value] if isinstance(value, list) else None for value in values]
        return pl.Series(name, numbers, dtype=NUMBERS)
    if kind == TOKENS:
        return pl.Series(name, [_tokens(value) for value in values], dtype=TOKENS)
    if kind == TEXTS:
        texts = [[_text(one) for one in value] if isinstance(value, list) else None for value in values]
        return pl.Series(name, texts, dtype=TEXTS)
    return pl.Series(name, [_text(value) for value in values], dtype=pl.String)


def _value(row: Any, name: str) -> Any:
    if isinstance(row, dict) and name in row:
        return row[name]
    expression = compiled(name)
    if expression is None:
        return None
    try:
        return expression.search(row, options=path_functions.OPTIONS)
    except (jmespath.exceptions.JMESPathError, RecursionError, TypeError, ValueError):
        return None  # a function on a value that it cannot take: there is nothing at this path of this row


def _stepped(value: Any, steps: Sequence[str | int | None]) -> Any:
    for place, step in enumerate(steps):
        if step is None:
            return [_stepped(one, steps[place + 1 :]) for one in value] if isinstance(value, list) else None
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


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


def _json(value: Any, *, allow_nan: bool = True) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=allow_nan).encode("utf-8", "replace").decode()


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
        return repr(value).removesuffix(".0")
    try:
        return str(columns.spelled(pl.Series([_json({"x": value}, allow_nan=False)]))[0])
    except (ValueError, pl.exceptions.PolarsError):  # a NaN within
        return _json(value)
