"""Paths into nested JSON: a column of [input] may be named by a JMESPath expression, as in `output.team`.

Three functions are added to those of JMESPath. `from_json(text)` is what a text of JSON holds, also between the fences of
Markdown that language models put around it; null where it holds none. `of_highest(names, scores)` is the name that stands
where the highest score does. `majority(texts)` is the text that more than half of them are.
"""

import functools
import json
import re
from collections.abc import Iterable
from typing import Any

import jmespath
import jmespath.exceptions
import jmespath.functions
import polars as pl

_SYNTAX = re.compile(r"[.\[(|&@*`!<>=\"]")
_FENCE = re.compile(r"\A\s*```[A-Za-z]*\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


class _Functions(jmespath.functions.Functions):  # type: ignore[misc]  # it has no types
    @jmespath.functions.signature({"types": ["string", "null"]})  # type: ignore[untyped-decorator]
    def _func_from_json(self, text: str | None) -> Any:
        return parsed(text)

    @jmespath.functions.signature({"types": ["array", "null"]}, {"types": ["array", "null"]})  # type: ignore[untyped-decorator]
    def _func_of_highest(self, names: list[Any] | None, scores: list[Any] | None) -> Any:
        if not names or not scores or len(names) != len(scores):
            return None
        if not all(isinstance(score, int | float) and not isinstance(score, bool) for score in scores):
            return None
        return names[max(range(len(scores)), key=scores.__getitem__)]

    @jmespath.functions.signature({"types": ["array", "null"]})  # type: ignore[untyped-decorator]
    def _func_majority(self, values: list[Any] | None) -> Any:
        known = [value for value in values or [] if isinstance(value, str)]
        most = max(known, key=known.count, default=None)
        return most if most is not None and 2 * known.count(most) > len(known) else None


_OPTIONS = jmespath.Options(custom_functions=_Functions())


def parsed(text: str | None) -> Any:
    """What a text of JSON holds, also inside the fences of Markdown; None where it is none."""
    if text is None:
        return None
    fenced = _FENCE.match(text)
    try:
        return json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return None


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
    """
    found: dict[str, list[str | None]] = {name: [] for name in names}
    for line in lines:
        row = parsed(line)
        for name in names:
            found[name].append(_text(_value(row, name)))
    return pl.DataFrame(found, schema=dict.fromkeys(names, pl.String()))


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
        return expression.search(row, options=_OPTIONS)
    except (jmespath.exceptions.JMESPathError, RecursionError, TypeError, ValueError):
        return None  # a function on a value that it cannot take: there is nothing at this path of this row


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
