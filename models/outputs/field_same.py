"""When two values of a field are the same: of one pair, and of two columns of them."""

import json
from typing import Any

import polars as pl

from models.answers import value_same
from models.config.field_table import SETS, FieldTable


def same(ours: Any, theirs: Any, field: FieldTable) -> bool:
    """Whether two values of a field, as JSON has them, are the same by its rule. Of a list, null and an empty one are one."""
    if field.kind in SETS:
        ours, theirs = ours or [], theirs or []
    within, overlap = field.within or 0.0, field.overlap or 0.5
    return value_same.same_value(ours, theirs, by=field.compared, within=within, overlap=overlap)


def as_ours(ours: Any, theirs: Any, field: FieldTable) -> Any:
    """Their value, of a list with each entry that is one of ours written as ours."""
    within, overlap = field.within or 0.0, field.overlap or 0.5
    return value_same.as_ours(ours, theirs, by=field.compared, within=within, overlap=overlap)


def columns(ours: pl.Series, theirs: pl.Series, field: FieldTable) -> pl.Series:
    """Whether the values of two columns are the same, row by row: Boolean, never null.

    `ours`, `theirs`: values as JSON texts, `null` where there is none (`field_values.read`). Equal texts are the same, and of
    others each distinct pair is looked at once.
    """
    pairs = pl.DataFrame({"ours": ours, "theirs": theirs})
    distinct = pairs.filter(pl.col("ours") != pl.col("theirs")).unique()
    if distinct.is_empty():
        return (ours == theirs).rename("same")
    verdicts = [same(json.loads(one), json.loads(other), field) for one, other in distinct.iter_rows()]
    known = distinct.with_columns(pl.Series("same", verdicts, dtype=pl.Boolean))
    joined = pairs.join(known, on=["ours", "theirs"], how="left", maintain_order="left")
    return joined.select(same=pl.col("same").fill_null(value=True)).to_series()
