"""Texts in a form by which two deliveries of one value count as one: for comparing, never for showing.

A CSV file has no types: what Parquet keeps as 7.0 or a timestamp stands there as its writer spells it.
"""

import polars as pl

from models import columns, time_columns

_LONGEST = 40  # bytes: no number, truth value or time that is spelled in several ways is longer
_MAY_BE = r"^(?:-?\d|True$|False$|TRUE$|FALSE$)"
_DAY = r"^\d{4}-\d{2}-\d{2}"
# 7.0, 12.50, 1e-07; at most 15 digits on each side, which a float keeps
_SPARE = (
    r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{0,14}0|(?:\.[0-9]{1,14})?[eE][+-]?[0-9]{1,3})$"  # `\d` has other digits, too
)


def texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of text, with numbers, truth values and ISO 8601 times each in one spelling. The rest stays as it is."""
    return frame.select(_one(column) for column in frame)


def _one(column: pl.Series) -> pl.Series:
    short = (column.str.len_bytes() <= _LONGEST) & column.str.contains(_MAY_BE)
    places = short.fill_null(value=False).arg_true()
    if not len(places):
        return column
    values = column.gather(places)
    each = values.unique()  # the days of a year, a hundred times each
    if 2 * len(each) > len(values):
        return column.scatter(places, _spelled(values))
    return column.scatter(places, values.replace_strict(each, _spelled(each)))


def _spelled(values: pl.Series) -> pl.Series:
    number, day = values.str.contains(_SPARE), values.str.contains(_DAY)
    text = values.str.contains("^[TF]")
    out = values.clone()  # `scatter` writes into its series
    if number.any():
        reals = values.filter(number).cast(pl.Float64)
        out = out.scatter(number.arg_true(), columns.text(reals.to_frame()).to_series())
    if day.any():
        times = values.filter(day)
        read = time_columns.column(times)
        out = out.scatter(day.arg_true(), read.zip_with(read.is_not_null(), times))
    if text.any():
        out = out.scatter(text.arg_true(), values.filter(text).str.to_lowercase())
    return out
