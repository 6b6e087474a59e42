"""Columns of any type as text and as JSON, without a Python object per value and without ever failing.

Polars cannot turn every type into text (bytes, durations) and panics on a date beyond the year 262 143, so each type
is first made plain: text, number, boolean, or a list or record of these.
"""

from collections.abc import Sequence

import polars as pl

from models import timestamps


def text(frame: pl.DataFrame) -> pl.DataFrame:
    """Every column as String, null where the value is missing. Lists and records are JSON.

    A float with a whole value reads like the integer ("7", not "7.0"): which of the two a number becomes is an
    accident of the tool that wrote the file.
    """
    frame = plain(frame)
    return frame.select(_text(name, dtype).alias(name) for name, dtype in frame.schema.items())


def json(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """One JSON object per row, of these columns, keys sorted. NaN and infinities are null."""
    if not columns:
        return pl.repeat("{}", frame.height, dtype=pl.String, eager=True)
    frame = plain(frame.select(columns))
    fields = [_plain(pl.col(name), frame.schema[name]).alias(name) for name in sorted(columns)]
    return frame.select(pl.struct(fields).struct.json_encode()).to_series().rename("json")


def sentence(*parts: str | pl.Expr) -> pl.Expr:
    """The parts in a row, null if one is. (`pl.format` of Polars 2.1 panics on a null in a column of two chunks.)"""
    return pl.concat_str(pl.lit(part) if isinstance(part, str) else part for part in parts)


def printable(value: pl.Expr) -> pl.Expr:
    """A String value fit for one line of a message: control characters are spaces, 60 characters at most."""
    return value.str.replace_all(r"\p{Cc}", " ").str.slice(0, 60)


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without types that few operations know: Python objects as their text, extension types as stored.

    No file yields objects, so the loop over their values costs nothing.
    """
    return frame.with_columns(
        pl.Series(column.name, [None if value is None else str(value) for value in column], dtype=pl.String)
        if column.dtype == pl.Object
        else column.ext.storage()
        for column in frame
        if column.dtype == pl.Object or isinstance(column.dtype, pl.BaseExtension)
    )


def _text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype.is_nested():
        encoded = pl.struct(_plain(column, dtype).alias("x")).struct.json_encode()
        inner = encoded.str.slice(5).str.head(-1)  # without {"x": and }
        return pl.when(column.is_not_null()).then(inner)
    if dtype.is_float():
        wide = column.cast(pl.Float64)
        whole = wide.is_finite() & (wide.floor() == wide) & (wide.abs() < 2**53)
        return pl.when(whole).then(wide.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
    return _plain(column, dtype).cast(pl.String)


def _plain(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.BaseExtension):
        return _plain(value.ext.storage(), dtype.ext_storage())  # type: ignore[arg-type]
    if isinstance(dtype, pl.List):
        return value if _is_plain(dtype) else value.list.eval(_plain(pl.element(), dtype.inner))  # type: ignore[arg-type]
    if isinstance(dtype, pl.Array):
        return _plain(value.arr.to_list(), pl.List(dtype.inner))
    if isinstance(dtype, pl.Struct):
        if _is_plain(dtype) or not dtype.fields:
            return value
        fields = [_plain(value.struct.field(f.name), f.dtype).alias(f.name) for f in dtype.fields]  # type: ignore[arg-type]
        return pl.when(value.is_not_null()).then(pl.struct(fields))
    if isinstance(dtype, pl.Binary):
        return value.bin.encode("base64")
    if isinstance(dtype, pl.Date):
        return _dated(value, dtype, "%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        zone = "" if dtype.time_zone is None else "%:z"
        return _dated(value, dtype, f"%Y-%m-%dT%H:%M:%S%.f{zone}")
    if isinstance(dtype, pl.Duration):
        return value.to_physical().cast(pl.String) + f" {dtype.time_unit}"
    return value if _is_plain(dtype) else value.cast(pl.String)


def _is_plain(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List):
        return _is_plain(dtype.inner)  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return bool(dtype.fields) and all(_is_plain(field.dtype) for field in dtype.fields)  # type: ignore[arg-type]
    return dtype in (pl.String, pl.Boolean, pl.Null) or dtype.is_integer() or dtype.is_float()


def _dated(value: pl.Expr, dtype: pl.Date | pl.Datetime, form: str) -> pl.Expr:
    """The text of a time; outside the calendar, its number."""
    shown = pl.when(timestamps.in_calendar(value, dtype)).then(value).dt.strftime(form)
    return pl.coalesce(shown, value.to_physical().cast(pl.String))
