"""Columns of any type as text, as JSON and as numbers, without a Python object per value and without ever failing.

A value has one spelling whatever file brought it: that which the reader of JSON Lines gives, as there a value is text
already. Polars cannot turn every type into text (bytes, durations) and panics on a date beyond the year 262 143, so
each type is first made plain: text, number, boolean, or a list or record of these.
"""

import base64
import io
import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models import time_columns

Matrix = NDArray[np.float64]

_CONTROLS = [chr(code) for code in (*range(32), *range(127, 160))]
_ESCAPES = [letter.encode("unicode_escape").decode() for letter in _CONTROLS]
_SPARE_ZEROS = r"(\.\d*?)0+$"  # of a decimal


def text(frame: pl.DataFrame) -> pl.DataFrame:
    """Every column as String, null where the value is missing. Lists, maps and records are JSON.

    Numbers are written out, in as few digits as tell them apart in the type they came in. A float with a whole value
    reads like the integer ("7", not "7.0"): which of the two a number becomes is an accident of the tool that wrote the
    file.

    >>> text(pl.DataFrame({"x": [7.0, 0.5, None]}))["x"].to_list()
    ['7', '0.5', None]
    """
    return pl.DataFrame([_text(column) for column in plain(frame)])


def json(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """One JSON object per row, of these columns, keys sorted. NaN and infinities are null."""
    if not columns:
        return pl.repeat("{}", frame.height, dtype=pl.String, eager=True)
    frame = plain(frame.select(columns))
    fields = [_plain(pl.col(name), frame.schema[name]).alias(name) for name in sorted(columns)]
    return frame.select(pl.struct(fields).struct.json_encode()).to_series().rename("json")


def spelled(objects: pl.Series) -> pl.Series:
    """The values under `x` of JSON objects, as text in the spelling of the reader of JSON Lines."""
    if not len(objects):
        return pl.Series([], dtype=pl.String)
    lines = io.BytesIO(objects.str.join("\n").item().encode())
    return pl.read_ndjson(lines, schema={"x": pl.String()}).to_series()


def sentence(*parts: str | pl.Expr) -> pl.Expr:
    """The parts in a row, null if one is. (`pl.format` of Polars 2.1 panics on a null in a column of two chunks.)"""
    return pl.concat_str(pl.lit(part) if isinstance(part, str) else part for part in parts)


def printable(value: pl.Expr) -> pl.Expr:
    """A String value fit for one line of a message: control characters in escapes, 60 characters at most.

    >>> print(pl.select(printable(pl.lit("other" + chr(10)))).item())
    other\\n
    """
    return value.str.slice(0, 60).str.replace_many(_CONTROLS, _ESCAPES).str.slice(0, 60)


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame without types that few operations know.

    Python objects are their text, extension types as stored, categories text, small floats the Float64 that their
    shortest decimal names (0.9, not 0.8999999762), bytes the text they hold or else base64. The same frame where there
    is none of these.
    """
    return frame.with_columns(plainer for column in frame if (plainer := _made_plain(column)) is not None)


def _made_plain(column: pl.Series) -> pl.Series | None:
    dtype = column.dtype
    if dtype == pl.Object:  # no file yields them, so the loop costs nothing
        return pl.Series(
            column.name, [None if value is None else str(value) for value in column], dtype=pl.String, strict=False
        )
    if isinstance(dtype, pl.BaseExtension):
        stored = column.ext.storage()
        stored = stored.cast(pl.Boolean) if dtype.ext_name() == "arrow.bool8" else stored
        return stored if (plainer := _made_plain(stored)) is None else plainer
    if isinstance(dtype, pl.Array):
        listed = column.arr.to_list()
        return listed if (plainer := _made_plain(listed)) is None else plainer
    if dtype == pl.Binary:
        return _decoded(column)
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    if isinstance(inner, pl.Categorical | pl.Enum):
        return column.cast(pl.List(pl.String) if isinstance(dtype, pl.List) else pl.String)
    if inner == pl.Float16 and not isinstance(dtype, pl.List):
        digits = column.to_numpy().astype(np.float16).astype(str)  # Polars writes the digits of a Float32
        return pl.Series(column.name, digits).cast(pl.Float64).set(column.is_null(), None)
    if inner in (pl.Float16, pl.Float32) or (isinstance(inner, pl.Decimal) and isinstance(dtype, pl.List)):
        if isinstance(dtype, pl.List):
            return column.cast(pl.List(pl.String)).cast(pl.List(pl.Float64))
        return column.cast(pl.String).cast(pl.Float64)
    return None


def _decoded(column: pl.Series) -> pl.Series:
    """Bytes as the text they hold, as older writers of Parquet do not say which bytes are text; else in base64."""
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError:
        return pl.Series(column.name, [None if value is None else _as_text(value) for value in column], dtype=pl.String)


def _as_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode("ascii")


def _text(column: pl.Series) -> pl.Series:
    dtype = column.dtype
    if dtype.is_nested():
        one = pl.DataFrame({"x": column})
        objects = one.select(pl.struct(_plain(pl.col("x"), dtype).alias("x")).struct.json_encode().alias("x"))
        return spelled(objects["x"]).rename(column.name)
    if dtype.is_float():
        return _real(column)
    if isinstance(dtype, pl.Decimal):
        return column.cast(pl.String).str.replace(_SPARE_ZEROS, "$1").str.strip_suffix(".")
    return pl.DataFrame({column.name: column}).select(_plain(pl.col(column.name), dtype).cast(pl.String)).to_series()


def _real(column: pl.Series) -> pl.Series:
    written = column.cast(pl.String).str.strip_suffix(".0").replace("-0", "0")
    powers = written.str.contains("e", literal=True).fill_null(value=False).arg_true()  # 1e-7
    if not len(powers):
        return written
    return written.scatter(powers, spelled(pl.select('{"x":' + pl.lit(written.gather(powers)) + "}").to_series()))


def _plain(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A value in types that JSON has."""
    if isinstance(dtype, pl.BaseExtension):
        return _plain(value.ext.storage(), dtype.ext_storage())  # type: ignore[arg-type]
    if isinstance(dtype, pl.List):
        return value if _is_plain(dtype) else value.list.eval(_plain(pl.element(), dtype.inner))  # type: ignore[arg-type]
    if isinstance(dtype, pl.Array):
        return _plain(value.arr.to_list(), pl.List(dtype.inner))
    if isinstance(dtype, pl.Map):
        return _object(value, dtype)
    if isinstance(dtype, pl.Struct):
        if _is_plain(dtype) or not dtype.fields:
            return value
        fields = [_plain(value.struct.field(f.name), f.dtype).alias(f.name) for f in dtype.fields]  # type: ignore[arg-type]
        return pl.when(value.is_not_null()).then(pl.struct(fields))
    if isinstance(dtype, pl.Binary):
        return value.bin.encode("base64")
    if isinstance(dtype, pl.Decimal):
        return value.cast(pl.String).cast(pl.Float64)
    if isinstance(dtype, pl.Date):
        return _dated(value, dtype, "%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        zone = "" if dtype.time_zone is None else "%:z"
        return _dated(value, dtype, f"%Y-%m-%dT%H:%M:%S%.f{zone}")
    if isinstance(dtype, pl.Time):
        return value.dt.strftime("%H:%M:%S%.f")
    if isinstance(dtype, pl.Duration):
        return value.to_physical().cast(pl.String) + f" {dtype.time_unit}"
    return value if _is_plain(dtype) else value.cast(pl.String)


def _object(value: pl.Expr, dtype: pl.Map) -> pl.Expr:
    """A map with text for its keys, which JSON writes as an object."""
    key, item = pl.element().struct.field("key"), pl.element().struct.field("value")
    entries = pl.struct(
        _plain(key, dtype.key).cast(pl.String).alias("key"),  # type: ignore[arg-type]
        _plain(item, dtype.value).alias("value"),  # type: ignore[arg-type]
    )
    of_value = pl.DataFrame(schema={"x": dtype.value}).select(_plain(pl.col("x"), dtype.value)).dtypes[0]  # type: ignore[arg-type]
    return value.map.entries().list.eval(entries).cast(pl.Map(pl.String(), of_value))


def _is_plain(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List):
        return _is_plain(dtype.inner)  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return bool(dtype.fields) and all(_is_plain(field.dtype) for field in dtype.fields)  # type: ignore[arg-type]
    return dtype in (pl.String, pl.Boolean, pl.Null) or dtype.is_integer() or dtype.is_float()


def _dated(value: pl.Expr, dtype: pl.Date | pl.Datetime, form: str) -> pl.Expr:
    """The text of a time; outside the calendar, its number."""
    shown = pl.when(time_columns.in_calendar(value, dtype)).then(value).dt.strftime(form)
    return pl.coalesce(shown, value.to_physical().cast(pl.String))


def numbers(column: pl.Series) -> pl.Series:
    """Numbers, or the text of numbers, as Float64; NaN and infinities stay; null where there is no number.

    True is not a number here: a flag named as a score by mistake must not read as certainty.

    >>> numbers(pl.Series(["0.90", " 7", "n/a"])).to_list()
    [0.9, 7.0, None]
    >>> numbers(pl.Series([True])).to_list()
    [None]
    """
    if column.dtype == pl.String:
        return column.str.strip_chars().cast(pl.Float64, strict=False)
    if isinstance(column.dtype, pl.Decimal):  # by its digits: a division rounds once more
        return column.cast(pl.String).cast(pl.Float64)
    if column.dtype.is_numeric():
        return column.cast(pl.Float64, strict=False)
    return pl.repeat(None, len(column), dtype=pl.Float64, eager=True).rename(column.name)


def matrix(frame: pl.DataFrame, width: int) -> Matrix:
    """`width` numbers per row, NaN where one is missing or no number.

    `frame` has one column per number, or a single column of lists (or of their text, "[0.1, 0.9]"); a list of another
    length is a row of NaN.
    """
    if frame.width == 1 and (width != 1 or frame.dtypes[0].is_nested()):
        frame = _unlisted(frame.to_series(), width)
    return np.column_stack([numbers(column).fill_null(math.nan).to_numpy() for column in frame])


def _unlisted(column: pl.Series, width: int) -> pl.DataFrame:
    if column.dtype == pl.String:
        column = column.str.strip_chars(" []").str.split(",")
    elif isinstance(column.dtype, pl.Array):
        column = column.arr.to_list()
    if not isinstance(column.dtype, pl.List):
        column = pl.Series(column.name, [None] * len(column), dtype=pl.List(pl.Float64))
    fitting = pl.when(column.list.len() == width).then(column)
    return pl.select(fitting.list.get(i, null_on_oob=True).alias(str(i)) for i in range(width))
