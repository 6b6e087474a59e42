"""Columns as real numbers, whatever type the file gave them."""

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def column(given: pl.Series) -> pl.Series:
    """Numbers, or the text of numbers, as Float64; NaN and infinities stay; null where there is no number.

    True is not a number here: a flag named as a score by mistake must not read as certainty.
    """
    if given.dtype == pl.String:
        return given.str.strip_chars().cast(pl.Float64, strict=False)
    if isinstance(given.dtype, pl.Decimal):  # by its digits: a division rounds once more
        return given.cast(pl.String).cast(pl.Float64)
    if given.dtype.is_numeric():
        return given.cast(pl.Float64, strict=False)
    return pl.repeat(None, len(given), dtype=pl.Float64, eager=True).rename(given.name)


def matrix(frame: pl.DataFrame, width: int) -> Matrix:
    """`width` numbers per row, NaN where one is missing or no number.

    `frame` has one column per number, or a single column of lists (or of their text, "[0.1, 0.9]"); a list of another
    length is a row of NaN.
    """
    if frame.width == 1 and (width != 1 or frame.dtypes[0].is_nested()):
        frame = _unlisted(frame.to_series(), width)
    return np.column_stack([column(given).fill_null(math.nan).to_numpy() for given in frame])


def _unlisted(given: pl.Series, width: int) -> pl.DataFrame:
    if given.dtype == pl.String:
        given = given.str.strip_chars(" []").str.split(",")
    elif isinstance(given.dtype, pl.Array):
        given = given.arr.to_list()
    if not isinstance(given.dtype, pl.List):
        given = pl.Series(given.name, [None] * len(given), dtype=pl.List(pl.Float64))
    fitting = pl.when(given.list.len() == width).then(given)
    return pl.select(fitting.list.get(i, null_on_oob=True).alias(str(i)) for i in range(width))
