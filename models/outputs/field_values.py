"""The column of a field -> its values, each as a JSON text, and why one cannot be read.

A value is text, number, true or false, or a list of texts; a date is the text 2026-01-31. A model that found nothing says so
by a null or an empty text: the value is null.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import polars as pl

from models import columns
from models.answers import right_wrong, same
from models.config.field_table import FieldTable
from models.outputs import region_values, row_values

NULL = "null"
_MOST = 2.0**53  # from which on whole numbers that differ are one float
_SEPARATORS = "\x1c\x1d\x1e\x1f"  # white space to Python, and not to Polars
_ODD = r"[\x00\r\x1c-\x1f]"
_ISO = r"^\d{4}-\d{2}-\d{2}(?:[T ].*)?$"


def read(column: pl.Series, field: FieldTable) -> pl.DataFrame:
    """Columns `value` (JSON, `null` where there is none) and `unreadable` (why not; null: it can be, or is empty).

    `column`: what the model gave, of any type.
    """
    column = column.fill_nan(None) if column.dtype.is_float() else column  # how a missing value looks in many tables
    text = columns.text(column.to_frame()).to_series()
    if text.str.contains(_ODD).any():
        text = text.str.replace_all("\0", "", literal=True).str.replace_all("\r\n?", "\n")
        text = text.str.strip_chars().str.strip_chars(_SEPARATORS)
    text = text.str.strip_chars()
    text = text.set(text == "", None)
    rows = pl.DataFrame({"text": text, "value": _READ[field.kind](column, text, field)})
    wanted = columns.sentence("'", columns.printable(pl.col("text")), f"' is {_wanted(field)}")
    bad = pl.col("text").is_not_null() & pl.col("value").is_null()
    return rows.select(pl.col("value").fill_null(NULL), unreadable=pl.when(bad).then(wanted))


def fits(value: Any, field: FieldTable) -> bool:
    """Whether a value, as JSON has it, can be one of the field: an earlier epoch may have had another kind under its name."""
    match field.kind:
        case "text" | "draft":
            return value is None or isinstance(value, str)
        case "number":
            return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        case "yesno":
            return value is None or isinstance(value, bool)
        case "rating":
            return value is None or (type(value) is int and 1 <= value <= field.highest)
        case "date":
            return value is None or (isinstance(value, str) and _is_day(value))
        case "choice" | "pair":
            return value is None or value in field.options
        case "set":
            return isinstance(value, list) and all(one in (field.labels or ()) for one in value)
        case "rows":
            columns = (field.columns or {}).keys()
            return isinstance(value, list) and all(isinstance(one, dict) and one.keys() == columns for one in value)
    sides = ("start", "end") if field.kind == "spans" else ("x", "y", "width", "height")
    return isinstance(value, list) and all(
        isinstance(one, dict) and one.get("label") in (field.labels or ()) and all(side in one for side in sides)
        for one in value
    )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def quoted(text: pl.Series) -> pl.Series:
    """Each text as JSON has it, quotes and all; null where there is none."""
    encoded = pl.DataFrame({"x": text}).select(pl.struct("x").struct.json_encode()).to_series()
    inner = encoded.str.strip_prefix('{"x":').str.strip_suffix("}")
    return inner.set(text.is_null(), None)


def _text(_: pl.Series, text: pl.Series, __: FieldTable) -> pl.Series:
    """A list or an object is no text, whatever file it stands in."""
    begun = text.filter(text.str.contains(r"^[\[{]").fill_null(False))
    nested = [one for one in begun.unique() if _is_json(one)]
    return quoted(text.set(text.is_in(nested), None) if nested else text)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list | dict)
    except (ValueError, RecursionError):
        return False


def _number(column: pl.Series, text: pl.Series, _: FieldTable) -> pl.Series:
    numbers = columns.numbers(text if column.dtype.is_nested() else column)
    kept = numbers.is_finite() & (numbers.abs() < _MOST)
    whole = pl.select(pl.when(kept).then(numbers)).to_series().rename("x")
    return columns.text(whole.to_frame()).to_series()


def _date(_: pl.Series, text: pl.Series, field: FieldTable) -> pl.Series:
    if field.format is not None:
        days = text.str.to_date(field.format, strict=False)
    else:
        iso = pl.select(pl.when(text.str.contains(_ISO)).then(text.str.slice(0, 10))).to_series()
        days = iso.str.to_date("%Y-%m-%d", strict=False)
    return quoted(days.set(~days.dt.year().is_between(1000, 9999), None).dt.strftime("%Y-%m-%d"))


def _yesno(_: pl.Series, text: pl.Series, __: FieldTable) -> pl.Series:
    yes = right_wrong.right(text)
    return pl.select(pl.when(yes).then(pl.lit("true")).when(yes.not_()).then(pl.lit("false"))).to_series()


def _rating(column: pl.Series, text: pl.Series, field: FieldTable) -> pl.Series:
    numbers = columns.numbers(text if column.dtype.is_nested() else column)
    fits = (numbers >= 1) & (numbers <= field.highest) & (numbers == numbers.floor())
    return pl.select(pl.when(fits).then(numbers.cast(pl.Int64, strict=False).cast(pl.String))).to_series()


def _choice(_: pl.Series, text: pl.Series, field: FieldTable) -> pl.Series:
    labels = field.rule.read(text)
    return quoted(labels.set(~labels.is_in(list(field.options)), None))


def _set(_: pl.Series, text: pl.Series, field: FieldTable) -> pl.Series:
    known = {one: _labels(one, field.labels or ()) for one in text.drop_nulls().unique()}
    return text.replace_strict(known, default=None, return_dtype=pl.String)


def _labels(text: str, labels: Sequence[str]) -> str | None:
    """A set as JSON, in the order of the labels; None where a part of it is none of them."""
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, list) or not all(isinstance(part, str) and part in labels for part in parts):
        return None
    return in_order(parts, labels)


def in_order(labels: Sequence[str], order: Sequence[str]) -> str:
    """A set of labels as JSON, each once, in this order."""
    return json.dumps([label for label in order if label in labels], ensure_ascii=False, separators=(",", ":"))


_READ: dict[str, Callable[[pl.Series, pl.Series, FieldTable], pl.Series]] = {
    "boxes": region_values.boxes,
    "choice": _choice,
    "date": _date,
    "draft": _text,
    "number": _number,
    "pair": _choice,
    "rating": _rating,
    "rows": row_values.rows,
    "set": _set,
    "spans": region_values.spans,
    "text": _text,
    "yesno": _yesno,
}


def _wanted(field: FieldTable) -> str:
    """What a value must be, as the end of a sentence that says it is not."""
    match field.kind:
        case "text" | "draft":
            return "a list or an object, and no text"
        case "number":
            return "not a number, as 1250.5, of at most 15 digits"
        case "date":
            return f"not a date {field.format or '2026-01-31'}"
        case "yesno":
            return "neither yes nor no"
        case "rating":
            return f"no whole number from 1 to {field.highest}"
        case "set":
            return f"no list of {same.few(field.labels or ())}"
        case "rows":
            return f"no list of rows with {same.few(list(field.columns or {}))}"
        case "spans":
            return f"no list of start, end and label, one of {same.few(field.labels or ())}"
        case "boxes":
            return f"no list of x, y, width, height and label, one of {same.few(field.labels or ())}"
    return f"none of {same.few(field.options)}"
