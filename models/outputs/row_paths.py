"""Paths into nested JSON: a column of [input] may be named by a JMESPath expression, as in `output.team`."""

import functools
import json
import re
from collections.abc import Iterable
from typing import Any

import jmespath
import jmespath.exceptions
import polars as pl

from models.outputs import path_functions

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


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
