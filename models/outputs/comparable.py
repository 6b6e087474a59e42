"""Texts in a form by which two deliveries of one value count as one: for comparing, never for showing.

A CSV file has no types: what Parquet keeps as 7.0 or a timestamp stands there as its writer spells it.
"""

import polars as pl

from models import columns, time_columns

_LONGEST = 40  # bytes: no number, truth value or time that is spelled in several ways is longer
_MAY_BE = r"^(?:-?\d|True$|False$|TRUE$|FALSE$)"
# 7.0, 12.50, 1e-07; at most 15 digits on each side, which a float keeps
_SPARE = r"^-?(?:0|[1-9]\d{0,14})(?:\.\d{0,14}0|(?:\.\d{1,14})?[eE][+-]?\d{1,3})$"


def texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of text, with numbers, truth values and ISO 8601 times each in one spelling. The rest stays as it is."""
    return frame.select(_one(column) for column in frame)


def _one(column: pl.Series) -> pl.Series:
    short = (column.str.len_bytes() <= _LONGEST) & column.str.contains(_MAY_BE)
    places = short.fill_null(value=False).arg_true()
    if not len(places):
        return column
    values = column.gather(places)
    number = values.str.contains(_SPARE)
    real = columns.text(pl.select(pl.when(number).then(values)).to_series().cast(pl.Float64).to_frame()).to_series()
    time = time_columns.column(values)
    truth = pl.select(pl.when(pl.lit(values).str.contains("^[TF]")).then(pl.lit(values).str.to_lowercase())).to_series()
    return column.scatter(places, pl.select(pl.coalesce(real, time, truth, values)).to_series())
